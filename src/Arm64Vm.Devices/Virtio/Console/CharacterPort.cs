using Arm64Vm.Devices.Uart;

namespace Arm64Vm.Devices.Virtio.Console;

/// <summary>One port of a console device: bytes between a pair of queues and the host's side of a line (virtio 1.2, 5.3.6.2).</summary>
/// <remarks>Under the transport's lock. What the driver has no room for stays in the back end.</remarks>
/// <param name="backend">The host's side.</param>
internal sealed class CharacterPort(ICharacterBackend backend)
{
    private const int ChunkSize = 1024;

    /// <summary>What one request may send; no driver comes near it, and it keeps one from occupying the host.</summary>
    private const ulong MaximumSend = 1 << 20;

    private readonly byte[] _chunk = new byte[ChunkSize];

    /// <summary>Sets whom to call when input turned up; null: nobody.</summary>
    public void SetInputHandler(Action? inputAvailable) => backend.SetInputHandler(inputAvailable);

    /// <summary>Sends what the driver has put into a queue.</summary>
    public void Transmit(Virtqueue ring, IVirtioInterrupts? interrupts)
    {
        do
        {
            while (ring.TryPop() is { } chain)
            {
                Send(chain);
                ring.Push(chain.Head, 0);
            }
        }
        while (ring.EnableNotifications());
        if (ring.ShouldInterrupt())
            interrupts?.RaiseUsedBuffer(ring.Index);
    }

    /// <summary>Moves waiting input into the buffers the driver has offered; the rest stays in the back end.</summary>
    public void Receive(Virtqueue ring, IVirtioInterrupts? interrupts)
    {
        ring.EnableNotifications();
        while (ring.HasPending && backend.TryRead(out var first))
        {
            if (ring.TryPop() is not { } chain)
                break;
            ring.Push(chain.Head, Fill(chain, first));
            ring.EnableNotifications();
        }

        if (ring.ShouldInterrupt())
            interrupts?.RaiseUsedBuffer(ring.Index);
    }

    private void Send(DescriptorChain chain)
    {
        var length = Math.Min(chain.ReadableLength, MaximumSend);
        for (ulong done = 0; done < length;)
        {
            var chunk = _chunk.AsSpan(0, (int)Math.Min(ChunkSize, length - done));
            if (!chain.TryRead(done, chunk))
                return;
            foreach (var value in chunk)
                backend.Write(value);
            done += (ulong)chunk.Length;
        }
    }

    private uint Fill(DescriptorChain chain, byte first)
    {
        var length = 0;
        var room = (int)Math.Min(ChunkSize, chain.WritableLength);
        if (room > 0)
            _chunk[length++] = first;
        while (length < room && backend.TryRead(out var next))
            _chunk[length++] = next;
        return chain.TryWrite(0, _chunk.AsSpan(0, length)) ? (uint)length : 0;
    }
}
