using System.Buffers.Binary;

namespace Arm64Vm.Devices.Virtio.Net;

/// <summary>Which pair of queues a flow belongs to: the one that its frames were last sent through (virtio 1.2, 5.1.6.5.6.1).</summary>
/// <remarks>Both directions of a connection are one flow. Flows share entries, which costs nothing but balance.</remarks>
internal sealed class FlowTable
{
    /// <summary>Bytes from the beginning of a frame that say to which flow it belongs: Ethernet, an IPv4 header with all options, ports.</summary>
    public const int Needed = 14 + 60 + 4;

    private const int Bits = 8;
    private const int EthernetSize = 14;
    private const int PortsSize = 4;
    private const ushort TypeIp4 = 0x0800;
    private const ushort TypeIp6 = 0x86DD;
    private const int Ip6Size = 40;
    private const byte Tcp = 6;
    private const byte Udp = 17;

    private readonly byte[] _pairs = new byte[1 << Bits];

    /// <summary>A frame of the flow was sent through a pair.</summary>
    public void Set(ReadOnlySpan<byte> frame, int pair) => _pairs[Hash(frame)] = (byte)pair;

    /// <summary>The pair that the flow was last sent through, 0 where none was.</summary>
    public int Find(ReadOnlySpan<byte> frame) => _pairs[Hash(frame)];

    /// <summary>Forgets all.</summary>
    public void Clear() => Array.Clear(_pairs);

    private static int Hash(ReadOnlySpan<byte> frame)
    {
        const uint Golden = 0x9E37_79B1;
        return frame.Length < EthernetSize ? 0 : (int)((Fold(frame) * Golden) >> (32 - Bits));
    }

    /// <summary>Addresses and ports; source and destination may be exchanged.</summary>
    private static uint Fold(ReadOnlySpan<byte> frame)
    {
        var packet = frame[EthernetSize..];
        switch (BinaryPrimitives.ReadUInt16BigEndian(frame[12..]))
        {
            case TypeIp4 when packet.Length >= 20:
                var isFragment = (BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) & 0x3FFF) != 0;
                return Words(packet.Slice(12, 8)) ^ (isFragment ? 0 : Ports(packet, packet[9], 4 * (packet[0] & 15)));
            case TypeIp6 when packet.Length >= Ip6Size:
                return Words(packet.Slice(8, 32)) ^ Ports(packet, packet[6], Ip6Size);
            default:
                return 0;
        }
    }

    private static uint Ports(ReadOnlySpan<byte> packet, byte protocol, int at) =>
        protocol is Tcp or Udp && packet.Length >= at + PortsSize
            ? (uint)(BinaryPrimitives.ReadUInt16BigEndian(packet[at..]) ^ BinaryPrimitives.ReadUInt16BigEndian(packet[(at + 2)..]))
            : 0;

    private static uint Words(ReadOnlySpan<byte> bytes)
    {
        uint all = 0;
        for (; bytes.Length >= 4; bytes = bytes[4..])
            all ^= BinaryPrimitives.ReadUInt32BigEndian(bytes);
        return all;
    }
}
