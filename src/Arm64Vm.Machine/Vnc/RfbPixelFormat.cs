using System.Buffers.Binary;

namespace Arm64Vm.Machine.Vnc;

/// <summary>How a client wants pixels (RFC 6143, 7.4): numbers with a field for each colour.</summary>
internal sealed record RfbPixelFormat
{
    /// <summary>Bytes of its description.</summary>
    public const int Size = 16;

    private const int SmallBytes = 3;

    private RfbPixelFormat()
    {
    }

    /// <summary>What is announced to clients: 32 bits, little-endian, blue lowest, as guests have it.</summary>
    public static RfbPixelFormat Usual { get; } = new() { Bytes = 4, Depth = 24, RedMaximum = 255, GreenMaximum = 255, BlueMaximum = 255, RedShift = 16, GreenShift = 8 };

    /// <summary>Of a pixel.</summary>
    public int Bytes { get; private init; }

    /// <summary>Of a pixel in compact form (CPIXEL, 7.7.5): four bytes go without the one that has no colour.</summary>
    public int CompactBytes => IsSmall ? SmallBytes : Bytes;

    private int Depth { get; init; }

    private bool IsBigEndian { get; init; }

    private int RedMaximum { get; init; }

    private int GreenMaximum { get; init; }

    private int BlueMaximum { get; init; }

    private int RedShift { get; init; }

    private int GreenShift { get; init; }

    private int BlueShift { get; init; }

    private uint Used => ((uint)RedMaximum << RedShift) | ((uint)GreenMaximum << GreenShift) | ((uint)BlueMaximum << BlueShift);

    private bool IsSmall => Bytes == 4 && Depth <= 24 && ((Used & 0xFF00_0000) == 0 || (Used & 0xFF) == 0);

    /// <summary>Reads a description; false: it makes no sense, or has a palette, which is not done here.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out RfbPixelFormat format)
    {
        format = new RfbPixelFormat
        {
            Bytes = bytes[0] / 8,
            Depth = bytes[1],
            IsBigEndian = bytes[2] != 0,
            RedMaximum = BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]),
            GreenMaximum = BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]),
            BlueMaximum = BinaryPrimitives.ReadUInt16BigEndian(bytes[8..]),
            RedShift = bytes[10],
            GreenShift = bytes[11],
            BlueShift = bytes[12],
        };
        return bytes[0] is 8 or 16 or 32 && bytes[3] != 0
            && Fits(format.RedMaximum, format.RedShift, bytes[0]) && Fits(format.GreenMaximum, format.GreenShift, bytes[0]) && Fits(format.BlueMaximum, format.BlueShift, bytes[0]);
    }

    /// <summary>Writes the description.</summary>
    public void Write(Span<byte> bytes)
    {
        bytes[..Size].Clear();
        bytes[0] = (byte)(Bytes * 8);
        bytes[1] = (byte)Depth;
        bytes[2] = IsBigEndian ? (byte)1 : (byte)0;
        bytes[3] = 1;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[4..], (ushort)RedMaximum);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[6..], (ushort)GreenMaximum);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[8..], (ushort)BlueMaximum);
        bytes[10] = (byte)RedShift;
        bytes[11] = (byte)GreenShift;
        bytes[12] = (byte)BlueShift;
    }

    /// <summary>A colour as a number of this format.</summary>
    public uint Convert(byte red, byte green, byte blue) =>
        (Scale(red, RedMaximum) << RedShift) | (Scale(green, GreenMaximum) << GreenShift) | (Scale(blue, BlueMaximum) << BlueShift);

    /// <summary>Writes a number as a pixel.</summary>
    /// <returns>Bytes written.</returns>
    public int Put(Span<byte> destination, uint pixel)
    {
        switch (Bytes)
        {
            case 1:
                destination[0] = (byte)pixel;
                break;
            case 2 when IsBigEndian:
                BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)pixel);
                break;
            case 2:
                BinaryPrimitives.WriteUInt16LittleEndian(destination, (ushort)pixel);
                break;
            default:
                if (IsBigEndian)
                    BinaryPrimitives.WriteUInt32BigEndian(destination, pixel);
                else
                    BinaryPrimitives.WriteUInt32LittleEndian(destination, pixel);
                break;
        }

        return Bytes;
    }

    /// <summary>Writes a number in compact form.</summary>
    /// <returns>Bytes written: <see cref="CompactBytes"/>.</returns>
    public int PutCompact(Span<byte> destination, uint pixel)
    {
        if (!IsSmall)
            return Put(destination, pixel);
        Span<byte> whole = stackalloc byte[4];
        Put(whole, pixel);

        // The byte left out is the highest of the number or, where colours are in it, the lowest.
        var leavesFirst = IsBigEndian == ((Used & 0xFF00_0000) == 0);
        whole.Slice(leavesFirst ? 1 : 0, SmallBytes).CopyTo(destination);
        return SmallBytes;
    }

    private static bool Fits(int maximum, int shift, int bits) => maximum > 0 && (maximum & (maximum + 1)) == 0 && shift < bits && ((ulong)maximum << shift) < 1ul << bits;

    private static uint Scale(byte value, int maximum) => maximum == byte.MaxValue ? value : (uint)(value * maximum + byte.MaxValue / 2) / byte.MaxValue;
}
