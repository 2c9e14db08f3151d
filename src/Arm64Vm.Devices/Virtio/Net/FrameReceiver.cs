using System.Buffers.Binary;
using Arm64Vm.Devices.Net;

namespace Arm64Vm.Devices.Virtio.Net;

/// <summary>Puts frames into a guest's buffers (virtio 1.2, 5.1.6.4).</summary>
internal sealed class FrameReceiver
{
    /// <summary>A frame that needs more buffers is dropped; drivers that have large frames have larger buffers than this makes necessary.</summary>
    private const int MaximumBuffers = 256;

    private readonly List<DescriptorChain> _chains = [];
    private readonly byte[] _header = new byte[FrameHeader.Size];

    /// <summary>Gives a frame to the guest, in one buffer or, where mergeable, in as many as it takes.</summary>
    /// <returns>False: there are not enough buffers yet. True also for a frame that cannot fit, which is dropped.</returns>
    public bool TryGive(Virtqueue ring, in FrameHeader header, ReadOnlySpan<byte> frame, bool isMergeable)
    {
        var needed = (ulong)(FrameHeader.Size + frame.Length);
        var most = isMergeable ? MaximumBuffers : 1;
        var (count, room) = (0, 0ul);
        while (room < needed && count < most)
        {
            if (count == _chains.Count)
                _chains.Add(ring.CreateChain());
            if (!ring.TryPop(_chains[count]))
            {
                ring.Return(count);
                return ring.IsBroken;
            }

            room += _chains[count++].WritableLength;
        }

        if (room < needed || _chains[0].WritableLength < FrameHeader.Size)
        {
            ring.Return(count);
            return true;
        }

        header.Write(_header);
        BinaryPrimitives.WriteUInt16LittleEndian(_header.AsSpan(FrameHeader.Size - 2), (ushort)count);
        _chains[0].TryWrite(0, _header);
        Fill(ring, count, frame);
        return true;
    }

    /// <summary>Bytes that are not in RAM are lost, as with any device that is given a wrong address.</summary>
    private void Fill(Virtqueue ring, int count, ReadOnlySpan<byte> frame)
    {
        var skip = FrameHeader.Size;
        for (var i = 0; i < count; i++)
        {
            var part = frame[..(int)Math.Min((ulong)frame.Length, _chains[i].WritableLength - (ulong)skip)];
            _chains[i].TryWrite((ulong)skip, part);
            ring.Fill(i, _chains[i].Head, (uint)(part.Length + skip));
            frame = frame[part.Length..];
            skip = 0;
        }

        ring.Publish(count);
    }
}
