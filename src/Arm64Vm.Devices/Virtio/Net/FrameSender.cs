using Arm64Vm.Devices.Net;

namespace Arm64Vm.Devices.Virtio.Net;

/// <summary>Takes frames out of a guest's buffers and does what the network does not: checksums, and TCP segments cut to size (virtio 1.2, 5.1.6.2).</summary>
internal sealed class FrameSender
{
    private const int MinimumFrame = 14;

    /// <summary>Room for IP and TCP headers with all their options.</summary>
    private const int HeaderRoom = 512;

    private readonly byte[] _segment = new byte[INetwork.MaximumAnyFrame];
    private readonly byte[] _header = new byte[FrameHeader.Size];

    /// <summary>Sends one frame; what is no frame is dropped.</summary>
    public void Send(INetwork network, DescriptorChain chain, ulong features)
    {
        var length = chain.ReadableLength - FrameHeader.Size;
        if (chain.ReadableLength < FrameHeader.Size + MinimumFrame || length > INetwork.MaximumAnyFrame || !chain.TryRead(0, _header))
            return;
        var header = FrameHeader.Read(_header);
        if (header.WantsChecksum && (features & VirtioNetFeatures.Checksum) == 0)
            return;
        var isSegment = header.Segmentation != 0;
        if (isSegment && !IsNegotiated(header, features))
            return;

        if (!isSegment || ((network.Offloads & NetworkOffloads.TakesSegments) != 0 && length <= (ulong)network.MaximumFrame))
            SendWhole(network, chain, header, (int)length);
        else
            SendPieces(network, chain, header, (int)length);
    }

    private static bool IsNegotiated(in FrameHeader header, ulong features) => header.WantsChecksum && header.Segmentation switch
    {
        FrameHeader.Tcp4 => (features & VirtioNetFeatures.HostSegments4) != 0,
        FrameHeader.Tcp6 => (features & VirtioNetFeatures.HostSegments6) != 0,
        _ => false,
    };

    private static void SendWhole(INetwork network, DescriptorChain chain, in FrameHeader header, int length)
    {
        if (length > network.MaximumFrame)
            return;
        var room = network.Begin(length);
        if (!chain.TryRead(FrameHeader.Size, room))
            return;
        var takesChecksums = (network.Offloads & NetworkOffloads.TakesChecksums) != 0;
        if (header.WantsChecksum && (takesChecksums
            ? header.ChecksumStart + header.ChecksumOffset + 2 > length
            : !InternetChecksum.TryComplete(room, header.ChecksumStart, header.ChecksumOffset)))
            return;
        network.End(takesChecksums ? header with { Flags = (byte)(header.Flags & FrameHeader.NeedsChecksum) } : default);
    }

    private void SendPieces(INetwork network, DescriptorChain chain, in FrameHeader header, int length)
    {
        var segment = _segment.AsSpan(0, length);
        if (!chain.TryRead(FrameHeader.Size, segment))
            return;
        var pieces = header;
        if ((network.Offloads & NetworkOffloads.TakesSegments) != 0 && header.SegmentSize > 0)
        {
            // As few pieces as the network takes.
            var most = network.MaximumFrame - HeaderRoom;
            pieces = header with { SegmentSize = (ushort)(most - most % header.SegmentSize) };
        }

        TcpSegments.TrySend(network, segment, pieces);
    }
}
