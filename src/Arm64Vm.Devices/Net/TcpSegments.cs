using System.Buffers.Binary;

namespace Arm64Vm.Devices.Net;

/// <summary>Cuts a TCP segment into smaller ones, for a network that takes none of this size.</summary>
internal static class TcpSegments
{
    /// <summary>Smaller pieces are refused: their headers would be longer than what they carry.</summary>
    public const int MinimumPayload = 64;

    private const byte Fin = 1;
    private const byte Push = 8;
    private const byte Reduced = 0x80;

    /// <summary>Sends a segment in pieces, each with its checksums.</summary>
    /// <param name="sink">Where to; it has room.</param>
    /// <param name="frame">Ethernet, IP and TCP header, payload.</param>
    /// <param name="header">Where the TCP header begins (the start of the checksum) and how large the pieces are.</param>
    /// <returns>False: it is no such segment, and nothing was sent.</returns>
    public static bool TrySend(IFrameSink sink, ReadOnlySpan<byte> frame, in FrameHeader header)
    {
        var isIp6 = (header.Segmentation & 0x7F) == FrameHeader.Tcp6;
        int transport = header.ChecksumStart;
        int size = header.SegmentSize;
        var ip = FindNetworkHeader(frame, isIp6);
        var minimum = isIp6 ? 40 : 20;
        if (size < MinimumPayload || ip < 0 || transport < ip + minimum || transport + 20 > frame.Length)
            return false;
        var headers = transport + (frame[transport + 12] >> 4) * 4;
        if (headers < transport + 20 || headers > frame.Length || headers > 512)
            return false;

        var sequence = BinaryPrimitives.ReadUInt32BigEndian(frame[(transport + 4)..]);
        var identification = isIp6 ? 0 : BinaryPrimitives.ReadUInt16BigEndian(frame[(ip + 4)..]);
        var payload = frame[headers..];
        for (var done = 0; ;)
        {
            var length = Math.Min(size, payload.Length - done);
            var isLast = done + length == payload.Length;
            var piece = sink.Begin(headers + length);
            frame[..headers].CopyTo(piece);
            payload.Slice(done, length).CopyTo(piece[headers..]);

            var tcp = piece[transport..];
            BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], sequence + (uint)done);
            if (!isLast)
                tcp[13] &= unchecked((byte)~(Fin | Push));
            if (done > 0)
                tcp[13] &= unchecked((byte)~Reduced);
            if (isIp6)
            {
                BinaryPrimitives.WriteUInt16BigEndian(piece[(ip + 4)..], (ushort)(piece.Length - ip - 40));
            }
            else
            {
                BinaryPrimitives.WriteUInt16BigEndian(piece[(ip + 2)..], (ushort)(piece.Length - ip));
                BinaryPrimitives.WriteUInt16BigEndian(piece[(ip + 4)..], (ushort)(identification + done / size));
                CompleteIp4Header(piece[ip..transport]);
            }

            CompleteTcp(piece[ip..], transport - ip, isIp6);
            sink.End(default);
            done += length;
            if (isLast)
                return true;
        }
    }

    /// <summary>Behind the Ethernet header and at most one VLAN tag; -1: it is another protocol.</summary>
    private static int FindNetworkHeader(ReadOnlySpan<byte> frame, bool isIp6)
    {
        var at = 12;
        if (frame.Length < 18 + 40)
            return -1;
        if (BinaryPrimitives.ReadUInt16BigEndian(frame[at..]) == 0x8100)
            at += 4;
        var type = BinaryPrimitives.ReadUInt16BigEndian(frame[at..]);
        return type == (isIp6 ? 0x86DD : 0x0800) ? at + 2 : -1;
    }

    private static void CompleteIp4Header(Span<byte> header)
    {
        header[10..12].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], (ushort)~InternetChecksum.Fold(InternetChecksum.Sum(header)));
    }

    private static void CompleteTcp(Span<byte> packet, int transport, bool isIp6)
    {
        var tcp = packet[transport..];
        tcp[16..18].Clear();
        var addresses = isIp6 ? packet[8..40] : packet[12..20];
        var sum = InternetChecksum.Sum(addresses) + 6 + (ulong)tcp.Length + InternetChecksum.Sum(tcp);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[16..], (ushort)~InternetChecksum.Fold(sum));
    }
}
