using System.Runtime.InteropServices;
using ZstdSharp;

namespace Arm64Vm.Machine.Boot.Images;

/// <summary>A compressed file read whole, whatever the compression.</summary>
internal static class UnpackedFile
{
    /// <summary>Bounds what a small file can make the host allocate.</summary>
    private const int MaximumSize = 512 << 20;
    private const int FirstSize = 64 << 10;
    private const int UsualRatio = 4;

    public static MemoryStream AsStream(ReadOnlyMemory<byte> file)
    {
        if (!MemoryMarshal.TryGetArray(file, out var array))
            array = new ArraySegment<byte>(file.ToArray());
        return new MemoryStream(array.Array!, array.Offset, array.Count, writable: false);
    }

    /// <param name="unpacker">What unpacks.</param>
    /// <param name="packedSize">Bytes of the compressed file.</param>
    /// <param name="format">The compression's name, for messages.</param>
    /// <param name="what">The file, for messages.</param>
    /// <exception cref="BootImageException">The data are damaged, empty, or more than anything that is booted.</exception>
    public static ReadOnlyMemory<byte> ReadToEnd(Stream unpacker, int packedSize, string format, string what)
    {
        var unpacked = new byte[Math.Max(FirstSize, UsualRatio * Math.Min(packedSize, MaximumSize / UsualRatio))];
        var length = 0;
        try
        {
            while (true)
            {
                var read = unpacker.Read(unpacked, length, unpacked.Length - length);
                if (read == 0)
                    break;
                length += read;
                if (length < unpacked.Length)
                    continue;
                if (length >= MaximumSize)
                    throw new BootImageException($"The {what} unpacks to more than {MaximumSize >> 20} MiB.");
                Array.Resize(ref unpacked, Math.Min(MaximumSize, length * 2));
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException or ZstdException)
        {
            throw new BootImageException($"The {format} data of the {what} are damaged.");
        }

        if (length == 0)
            throw new BootImageException($"The {format} data of the {what} are empty.");
        return unpacked.AsMemory(0, length);
    }
}
