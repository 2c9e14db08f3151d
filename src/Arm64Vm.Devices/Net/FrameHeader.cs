using System.Buffers.Binary;

namespace Arm64Vm.Devices.Net;

/// <summary>What is left to be done with a frame, as struct virtio_net_hdr says it (virtio 1.2, 5.1.6); host interfaces use the same.</summary>
/// <param name="Flags">Bit 0: a checksum is to be filled in. Bit 1: checksums were found right.</param>
/// <param name="Segmentation">How the frame is to be cut: 0 not, 1 TCP over IPv4, 4 TCP over IPv6; bit 7: with ECN.</param>
/// <param name="HeaderLength">A hint.</param>
/// <param name="SegmentSize">TCP payload of each piece.</param>
/// <param name="ChecksumStart">Where the summed bytes begin.</param>
/// <param name="ChecksumOffset">Where the sum goes, from there on.</param>
internal readonly record struct FrameHeader(byte Flags, byte Segmentation, ushort HeaderLength, ushort SegmentSize, ushort ChecksumStart, ushort ChecksumOffset)
{
    /// <summary>Bytes of the structure, with the number of buffers.</summary>
    public const int Size = 12;

    public const byte NeedsChecksum = 1;
    public const byte ChecksumIsValid = 2;
    public const byte Tcp4 = 1;
    public const byte Tcp6 = 4;
    public const byte CongestionNotification = 0x80;

    /// <summary>A checksum is to be filled in.</summary>
    public bool WantsChecksum => (Flags & NeedsChecksum) != 0;

    /// <summary>Reads the structure.</summary>
    /// <param name="bytes">At least <see cref="Size"/>.</param>
    public static FrameHeader Read(ReadOnlySpan<byte> bytes) => new(
        bytes[0],
        bytes[1],
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]),
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]),
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]),
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]));

    /// <summary>Writes the structure; the number of buffers becomes 1.</summary>
    /// <param name="bytes">At least <see cref="Size"/>.</param>
    public void Write(Span<byte> bytes)
    {
        bytes[0] = Flags;
        bytes[1] = Segmentation;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[2..], HeaderLength);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[4..], SegmentSize);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[6..], ChecksumStart);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[8..], ChecksumOffset);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[10..], 1);
    }
}
