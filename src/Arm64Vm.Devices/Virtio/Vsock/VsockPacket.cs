using System.Buffers.Binary;

namespace Arm64Vm.Devices.Virtio.Vsock;

/// <summary>What a packet is (virtio 1.2, 5.10.6).</summary>
internal enum VsockOperation : ushort
{
    Request = 1,
    Response = 2,
    Reset = 3,
    Shutdown = 4,
    Data = 5,
    CreditUpdate = 6,
    CreditRequest = 7,
}

/// <summary>struct virtio_vsock_hdr (5.10.6), in the machine's order.</summary>
/// <param name="SourceCid">Who sends it.</param>
/// <param name="TargetCid">To whom.</param>
/// <param name="SourcePort">The sender's port.</param>
/// <param name="TargetPort">The other's port.</param>
/// <param name="Length">Bytes of data behind the header.</param>
/// <param name="Type">1: a stream.</param>
/// <param name="Operation">What it says.</param>
/// <param name="Flags">Of a shutdown: bit 0 will not receive, bit 1 will not send.</param>
/// <param name="Room">Bytes of data that the sender can hold.</param>
/// <param name="Forwarded">Bytes of data, of all it got, that it does not hold any more.</param>
internal readonly record struct VsockPacket(
    ulong SourceCid, ulong TargetCid, uint SourcePort, uint TargetPort, uint Length, ushort Type, VsockOperation Operation, uint Flags, uint Room, uint Forwarded)
{
    public const int Size = 44;
    public const ushort Stream = 1;

    public static VsockPacket Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(bytes),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[20..]),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[24..]),
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[28..]),
        (VsockOperation)BinaryPrimitives.ReadUInt16LittleEndian(bytes[30..]),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[32..]),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[36..]),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[40..]));

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, SourceCid);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], TargetCid);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[16..], SourcePort);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[20..], TargetPort);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[24..], Length);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[28..], Type);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[30..], (ushort)Operation);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[32..], Flags);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[36..], Room);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[40..], Forwarded);
    }
}
