using System.Buffers.Binary;
using Arm64Vm.Devices.Net;

namespace Arm64Vm.Devices.Tests.Net;

/// <summary>TCP in Ethernet frames, made and checked the slow way.</summary>
internal static class TcpFrames
{
    private const int TcpHeader = 32;

    public static (FrameHeader Header, byte[] Bytes) Make(int payload, ushort segmentSize, bool isIp6, uint sequence = 0xFFFF_F000)
    {
        var transport = 14 + (isIp6 ? 40 : 20);
        var bytes = new byte[transport + TcpHeader + payload];
        for (var i = 0; i < payload; i++)
            bytes[transport + TcpHeader + i] = (byte)(i * 7 + i / 251);
        bytes.AsSpan(0, 6).Fill(0x54);
        bytes.AsSpan(6, 6).Fill(0x52);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(12), (ushort)(isIp6 ? 0x86DD : 0x0800));
        var ip = bytes.AsSpan(14);
        ip[0] = isIp6 ? (byte)0x60 : (byte)0x45;
        if (isIp6)
        {
            BinaryPrimitives.WriteUInt16BigEndian(ip[4..], (ushort)(TcpHeader + payload));
            ip[6] = 6;
            ip[8..40].Fill(0xFC);
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)(20 + TcpHeader + payload));
            BinaryPrimitives.WriteUInt16BigEndian(ip[4..], 0xFFFE);
            ip[9] = 6;
            ip[12..20].Fill(10);
        }

        var tcp = bytes.AsSpan(transport);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], sequence);
        tcp[12] = TcpHeader / 4 << 4;
        tcp[13] = 0x99; // CWR, ACK, PSH, FIN
        return (new FrameHeader(FrameHeader.NeedsChecksum, isIp6 ? FrameHeader.Tcp6 : FrameHeader.Tcp4, (ushort)(transport + TcpHeader), segmentSize, (ushort)transport, 16), bytes);
    }

    /// <summary>Checks lengths and sums of a frame; returns its sequence number, flags and payload.</summary>
    public static (uint Sequence, byte Flags, byte[] Payload) Check(byte[] frame, bool isIp6)
    {
        var ip = frame.AsSpan(14);
        var headerLength = isIp6 ? 40 : 20;
        if (isIp6)
        {
            Assert.Equal(ip.Length - 40, BinaryPrimitives.ReadUInt16BigEndian(ip[4..]));
        }
        else
        {
            Assert.Equal(ip.Length, BinaryPrimitives.ReadUInt16BigEndian(ip[2..]));
            Assert.Equal(0xFFFF, SlowSum(ip[..20], 0));
        }

        var tcp = ip[headerLength..];
        Assert.Equal(0xFFFF, SlowSum(tcp, SlowSum(isIp6 ? ip[8..40] : ip[12..20], 6 + tcp.Length)));
        return (BinaryPrimitives.ReadUInt32BigEndian(tcp[4..]), tcp[13], tcp[TcpHeader..].ToArray());
    }

    /// <summary>The one's complement sum by RFC 1071's own words.</summary>
    public static int SlowSum(ReadOnlySpan<byte> bytes, int seed)
    {
        for (var i = 0; i < bytes.Length; i += 2)
        {
            seed += bytes[i] << 8 | (i + 1 < bytes.Length ? bytes[i + 1] : 0);
            seed = (seed & 0xFFFF) + (seed >> 16);
        }

        return (seed & 0xFFFF) + (seed >> 16);
    }
}
