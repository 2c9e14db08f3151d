using Arm64Vm.Cpu;
using Arm64Vm.Devices.Pci;
using Arm64Vm.Devices.Tests.Pci;
using Arm64Vm.Devices.Virtio;
using Arm64Vm.Devices.Virtio.Pci;

namespace Arm64Vm.Devices.Tests.Virtio;

/// <summary>A driver that sets a device up as it should, most of the time, and then puts nonsense into its rings and registers.</summary>
/// <param name="memory">Where rings and buffers are.</param>
/// <param name="random">What it does.</param>
/// <param name="queues">How many queues it knows of, at most 15.</param>
internal abstract class NonsenseDriver(TestMemory memory, Random random, int queues) : IDisposable
{
    private const int QueueSize = 16;
    private static readonly uint[] s_lengths = [0, 1, 7, 12, 16, 64, 512, 4096, 65536, 0x8000_0000, uint.MaxValue];
    private bool _isUp;

    protected Random Random => random;

    /// <summary>Does something.</summary>
    public void Act()
    {
        if (!_isUp)
        {
            SetUp();
            return;
        }

        var queue = (uint)random.Next(queues);
        switch (random.Next(16))
        {
            case 0:
                RegisterAccess();
                break;
            case 1 when random.Next(4) == 0:
                SetStatus(0);
                _isUp = false;
                break;
            case 2:
                memory.Bytes[random.Next(memory.Bytes.Length)] = (byte)random.Next();
                break;
            case < 10:
                Describe(queue);
                break;
            default:
                Offer(queue);
                Notify(queue);
                break;
        }
    }

    public abstract void Dispose();

    protected abstract void SetStatus(uint status);

    protected abstract ulong OfferedFeatures();

    protected abstract void AcceptFeatures(ulong features);

    protected abstract void SetQueue(uint queue, ushort size, ulong descriptors, ulong available, ulong used);

    protected abstract void Notify(uint queue);

    protected abstract void RegisterAccess();

    protected uint AnyValue() => random.Next(3) switch { 0 => (uint)random.Next(256), 1 => (uint)random.Next(), _ => (uint)AnyAddress() };

    private static ulong Rings(uint queue) => TestMemory.Base + 0x1000 * (queue + 1);

    private void SetUp()
    {
        SetStatus(0);
        SetStatus(3);
        var features = OfferedFeatures() & (ulong)random.NextInt64() | (1ul << 32);
        AcceptFeatures(random.Next(20) == 0 ? (ulong)random.NextInt64() : features);
        SetStatus(11);
        for (uint queue = 0; queue < queues; queue++)
        {
            var rings = random.Next(30) == 0 ? AnyAddress() : Rings(queue);
            SetQueue(queue, random.Next(30) == 0 ? (ushort)random.Next(65536) : (ushort)QueueSize, rings, rings + 0x400, rings + 0x800);
        }

        memory.Bytes.AsSpan(0x1000, 0x1000 * queues).Clear();
        SetStatus(15);
        _isUp = true;
    }

    private ulong AnyAddress() => random.Next(8) switch
    {
        0 => (ulong)random.NextInt64(),
        1 => TestMemory.Base + (ulong)memory.Bytes.Length - (ulong)random.Next(64),
        2 => TestMemory.Base + 0x1000 * (ulong)random.Next(queues + 2) + (ulong)random.Next(0x1000), // into the rings themselves
        _ => TestMemory.Base + 0x1_0000 + (ulong)random.Next(0x4_0000),
    };

    /// <summary>A chain of buffers, which may run in a circle, be indirect, or lead nowhere.</summary>
    private void Describe(uint queue)
    {
        for (var left = random.Next(1, 5); left > 0; left--)
        {
            var at = Rings(queue) + 16 * (ulong)random.Next(QueueSize);
            var address = AnyAddress();
            memory.Write64(at, address);
            memory.Write32(at + 8, s_lengths[random.Next(s_lengths.Length)]);
            memory.Write16(at + 12, (ushort)random.Next(random.Next(10) == 0 ? 65536 : 8));
            memory.Write16(at + 14, (ushort)random.Next(random.Next(10) == 0 ? 65536 : QueueSize));
            if (address >= TestMemory.Base + 0x1_0000 && address < TestMemory.Base + 0x5_0000)
                Header(address);
        }
    }

    /// <summary>What requests of the devices begin with, more or less.</summary>
    private void Header(ulong address)
    {
        memory.Write32(address, (uint)random.Next(16));
        memory.Write32(address + 4, (uint)random.Next(256));
        memory.Write64(address + 8, (ulong)random.Next(80));
    }

    private void Offer(uint queue)
    {
        var index = memory.Read16(Rings(queue) + 0x402);
        var count = random.Next(20) == 0 ? random.Next(65536) : random.Next(1, 4);
        for (var i = 0; i < Math.Min(count, QueueSize); i++)
            memory.Write16(Rings(queue) + 0x404 + 2ul * (uint)((index + i) % QueueSize), (ushort)random.Next(random.Next(20) == 0 ? 65536 : QueueSize));
        memory.Write16(Rings(queue) + 0x402, (ushort)(index + count));
        memory.Write16(Rings(queue) + 0x400, (ushort)random.Next(2));
    }
}

/// <summary>By registers at a fixed place.</summary>
internal sealed class NonsenseMmioDriver(TestMemory memory, IVirtioDevice device, Random random, int queues) : NonsenseDriver(memory, random, queues)
{
    private readonly VirtioMmioTransport _transport = new(new TestLine(), memory, device);

    public override void Dispose() => _transport.Dispose();

    protected override void SetStatus(uint status) => _transport.Write(0x70, status);

    protected override ulong OfferedFeatures()
    {
        _transport.Write(0x14, 1);
        ulong high = _transport.Read(0x10);
        _transport.Write(0x14, 0);
        return (high << 32) | _transport.Read(0x10);
    }

    protected override void AcceptFeatures(ulong features)
    {
        _transport.Write(0x24, 0);
        _transport.Write(0x20, (uint)features);
        _transport.Write(0x24, 1);
        _transport.Write(0x20, (uint)(features >> 32));
    }

    protected override void SetQueue(uint queue, ushort size, ulong descriptors, ulong available, ulong used)
    {
        _transport.Write(0x30, queue);
        _transport.Write(0x38, size);
        Write64(0x80, descriptors);
        Write64(0x90, available);
        Write64(0xA0, used);
        _transport.Write(0x44, 1);
    }

    protected override void Notify(uint queue) => _transport.Write(0x50, queue);

    protected override void RegisterAccess()
    {
        var (offset, size) = ((ulong)Random.Next(0x220), 1 << Random.Next(4));
        if (Random.Next(2) == 0)
            _ = _transport.TryRead(offset, size, out _);
        else
            _ = _transport.TryWrite(offset & ~3ul, 4, AnyValue());
    }

    private void Write64(ulong offset, ulong value)
    {
        _transport.Write(offset, (uint)value);
        _transport.Write(offset + 4, (uint)(value >> 32));
    }
}

/// <summary>As a PCI function, in the slot of a port now and then; its configuration space and vectors get nonsense as well.</summary>
internal sealed class NonsensePciDriver : NonsenseDriver
{
    private const ulong Registers = 0x80_0000_0000;
    private const ulong Vectors = 0x1000_0000;

    private readonly PcieHost _host = new(2, [new TestLine(), new TestLine(), new TestLine(), new TestLine()], new TestMessages());
    private readonly VirtioPciTransport _transport;
    private readonly PciWindow _low;
    private readonly PciWindow _high;
    private readonly PcieRootPort _port = new(1);
    private readonly bool _isInSlot;

    public NonsensePciDriver(TestMemory memory, IVirtioDevice device, Random random, int queues)
        : base(memory, random, queues)
    {
        _isInSlot = random.Next(2) == 0;
        _transport = new VirtioPciTransport(memory, device, isInSlot: _isInSlot);
        _low = new PciWindow("low", Vectors, 1 << 20, _host.Space);
        _high = new PciWindow("high", Registers, 1 << 20, _host.Space);
        _host.Add(0, 1, 0, _port);
        if (_isInSlot)
            _host.Plug(_port, _transport);
        else
            _host.Add(0, 2, 0, _transport);
    }

    private ulong Configuration => _isInSlot ? 1ul << 20 : 2ul << 15;

    public override void Dispose() => _transport.Dispose();

    /// <summary>A reset begins with putting everything where it belongs.</summary>
    protected override void SetStatus(uint status)
    {
        if (status == 0)
        {
            _host.Write((1 << 15) + 0x18, 0x0001_0100);
            _host.Write((1 << 15) + 0x58, 0x138, 2);
            _host.Write(Configuration + 0x14, Vectors);
            _host.Write(Configuration + 0x20, 0);
            _host.Write(Configuration + 0x24, Registers >> 32);
            _host.Write(Configuration + 4, 6, 2);
            _host.Write(Configuration + 0x42, Random.Next(2) == 0 ? 0x8000u : 0u, 2);
        }

        Put(0x14, 1, status);
    }

    protected override ulong OfferedFeatures()
    {
        Put(0, 4, 1);
        _ = _high.TryRead(4, 4, out var high);
        Put(0, 4, 0);
        _ = _high.TryRead(4, 4, out var low);
        return (high << 32) | low;
    }

    protected override void AcceptFeatures(ulong features)
    {
        Put(8, 4, 0);
        Put(12, 4, (uint)features);
        Put(8, 4, 1);
        Put(12, 4, features >> 32);
    }

    protected override void SetQueue(uint queue, ushort size, ulong descriptors, ulong available, ulong used)
    {
        Put(0x16, 2, queue);
        Put(0x18, 2, size);
        Put(0x1A, 2, queue);
        Put(0x20, 8, descriptors);
        Put(0x28, 8, available);
        Put(0x30, 8, used);
        Put(0x1C, 2, 1);
    }

    protected override void Notify(uint queue) => Put(0x3000 + 4 * queue, 2, queue);

    protected override void RegisterAccess()
    {
        var (size, write) = (1 << Random.Next(4), Random.Next(2) == 0);
        var (device, offset) = Random.Next(6) switch
        {
            0 => ((IMmioDevice)_host, Configuration + (ulong)Random.Next(0x100)),
            1 => (_host, (1ul << 15) + (ulong)Random.Next(0x100)),
            2 => (_host, (ulong)Random.NextInt64(1 << 21)),
            3 => (_low, (ulong)Random.Next(0x1100)),
            _ => (_high, (ulong)Random.Next(0x4100)),
        };
        offset &= ~(ulong)(size - 1);
        if (write)
            _ = device.TryWrite(offset, size, AnyValue());
        else
            _ = device.TryRead(offset, size, out _);
        if (Random.Next(8) == 0)
            _port.RequestUnplug();
    }

    private void Put(uint offset, int size, ulong value) => _ = _high.TryWrite(offset, size, value);
}
