using System.Buffers.Binary;
using System.Text;
using static Arm64Vm.Devices.Images.Qcow2.Qcow2Format;

namespace Arm64Vm.Devices.Images.Qcow2;

/// <summary>What follows the header: type, length and data of each extension, padded to 8 bytes, until type 0.</summary>
internal sealed class HeaderExtensions
{
    private const int FeatureSize = 48;

    public string? BackingFormat { get; private set; }

    public (long Size, long Offset, uint Count) Bitmaps { get; private set; }

    /// <summary>Names of incompatible features, by bit.</summary>
    public Dictionary<int, string> IncompatibleNames { get; } = [];

    /// <param name="first">The first cluster up to where extensions end at the latest.</param>
    /// <param name="offset">Where they begin.</param>
    /// <param name="path">For messages.</param>
    /// <exception cref="ImageFormatException">One does not fit.</exception>
    public static HeaderExtensions Read(ReadOnlySpan<byte> first, int offset, string path)
    {
        var extensions = new HeaderExtensions();
        while (offset <= first.Length - 8)
        {
            var type = BinaryPrimitives.ReadUInt32BigEndian(first[offset..]);
            var length = BinaryPrimitives.ReadUInt32BigEndian(first[(offset + 4)..]);
            if (type == ExtensionEnd)
                break;
            offset += 8;
            if (length > first.Length - offset)
                throw Qcow2Header.Damaged(path, $"the header extension 0x{type:x8} of {length} bytes does not fit");
            extensions.Take(type, first.Slice(offset, (int)length), path);
            offset += ((int)length + 7) & ~7;
        }

        return extensions;
    }

    private void Take(uint type, ReadOnlySpan<byte> data, string path)
    {
        switch (type)
        {
            case ExtensionBackingFormat:
                BackingFormat = Encoding.UTF8.GetString(data);
                break;
            case ExtensionFeatureNames:
                for (; data.Length >= FeatureSize; data = data[FeatureSize..])
                {
                    // Type 0: incompatible; then the bit's number.
                    if (data[0] == 0)
                        IncompatibleNames[data[1]] = ReadName(data[2..FeatureSize]);
                }

                break;
            case ExtensionBitmaps:
                if (data.Length < 24)
                    throw Qcow2Header.Damaged(path, "the bitmaps extension is too short");
                Bitmaps = ((long)BinaryPrimitives.ReadUInt64BigEndian(data[8..]), (long)BinaryPrimitives.ReadUInt64BigEndian(data[16..]), BinaryPrimitives.ReadUInt32BigEndian(data));
                break;
        }
    }

    /// <summary>A name for messages: an image does not get to write control characters to a terminal.</summary>
    private static string ReadName(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)0);
        var name = Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
        return string.Concat(name.Select(c => char.IsControl(c) ? '?' : c));
    }
}
