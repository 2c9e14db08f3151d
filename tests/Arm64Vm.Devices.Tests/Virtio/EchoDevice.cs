using Arm64Vm.Devices.Virtio;

namespace Arm64Vm.Devices.Tests.Virtio;

/// <summary>Copies what it reads into what it may write, and has 8 bytes of writable configuration.</summary>
internal sealed class EchoDevice(byte[]? configuration = null) : IVirtioDevice
{
    private readonly byte[] _configuration = configuration ?? new byte[8];
    private IReadOnlyList<Virtqueue> _queues = [];
    private IVirtioInterrupts? _interrupts;

    public uint DeviceId => 4;

    public ulong Features => 1;

    public int QueueCount => 2;

    public ulong Negotiated { get; private set; }

    public int Resets { get; private set; }

    public ushort GetMaximumQueueSize(int queue) => 256;

    public void Activate(ulong features, IReadOnlyList<Virtqueue> queues, IVirtioInterrupts interrupts)
    {
        Negotiated = features;
        _queues = queues;
        _interrupts = interrupts;
    }

    public void Reset()
    {
        Resets++;
        _queues = [];
        _interrupts = null;
    }

    public void Notify(int queue)
    {
        var ring = _queues[queue];
        do
        {
            while (ring.TryPop() is { } chain)
            {
                var length = (int)Math.Min(Math.Min(chain.ReadableLength, chain.WritableLength), 4096);
                var bytes = new byte[length];
                var done = chain.TryRead(0, bytes) && chain.TryWrite(0, bytes);
                ring.Push(chain.Head, done ? (uint)length : 0);
            }
        }
        while (ring.EnableNotifications());
        if (ring.ShouldInterrupt())
            _interrupts!.RaiseUsedBuffer(ring.Index);
    }

    public void ReadConfiguration(uint offset, Span<byte> destination)
    {
        for (var i = 0; i < destination.Length && offset + (uint)i < 8; i++)
            destination[i] = _configuration[offset + (uint)i];
    }

    public void WriteConfiguration(uint offset, ReadOnlySpan<byte> source)
    {
        for (var i = 0; i < source.Length && offset + (uint)i < 8; i++)
            _configuration[offset + (uint)i] = source[i];
    }
}
