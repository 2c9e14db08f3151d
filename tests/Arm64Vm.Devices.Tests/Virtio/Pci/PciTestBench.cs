using Arm64Vm.Cpu;
using Arm64Vm.Devices.Pci;
using Arm64Vm.Devices.Tests.Pci;
using Arm64Vm.Devices.Virtio;
using Arm64Vm.Devices.Virtio.Pci;

namespace Arm64Vm.Devices.Tests.Virtio.Pci;

/// <summary>A host with one virtio function in device 5, and the accesses of its driver.</summary>
internal sealed class PciTestBench
{
    public const ulong Registers = 0x80_0000_0000;
    public const ulong Vectors = 0x1000_0000;
    private const uint Slot = 5;

    private VirtioPciTransport? _transport;

    public PciTestBench(Func<IVirtioDevice> device)
    {
        MakeDevice = device;
        Plug();
    }

    public Func<IVirtioDevice> MakeDevice { get; }

    public TestMemory Memory { get; } = new(1 << 16);

    public TestLine[] Lines { get; } = [new(), new(), new(), new()];

    public TestMessages Messages { get; } = new();

    public PcieHost Host { get; private set; } = null!;

    public IMmioDevice Low { get; private set; } = null!;

    public IMmioDevice High { get; private set; } = null!;

    public VirtioPciTransport Transport => _transport!;

    public uint Config(uint offset, int size = 4)
    {
        Assert.True(Host.TryRead((Slot << 15) + offset, size, out var value));
        return (uint)value;
    }

    public void SetConfig(uint offset, uint value, int size = 4) => Assert.True(Host.TryWrite((Slot << 15) + offset, size, value));

    public uint Read(uint offset, int size)
    {
        Assert.True(High.TryRead(offset, size, out var value));
        return (uint)value;
    }

    public void Write(uint offset, int size, ulong value) => Assert.True(High.TryWrite(offset, size, value));

    public void WriteVector(int vector, ulong address, uint data, bool masked = false)
    {
        Assert.True(Low.TryWrite((ulong)vector * 16, 8, address));
        Assert.True(Low.TryWrite((ulong)vector * 16 + 8, 4, data));
        Assert.True(Low.TryWrite((ulong)vector * 16 + 12, 4, masked ? 1u : 0));
    }

    /// <summary>Puts the base addresses in place and enables memory and bus master.</summary>
    public void Enable(ushort command = 6)
    {
        SetConfig(0x14, (uint)Vectors);
        SetConfig(0x20, unchecked((uint)Registers));
        SetConfig(0x24, (uint)(Registers >> 32));
        SetConfig(4, command, 2);
    }

    /// <summary>MSI-X control: bit 15 on, bit 14 all masked.</summary>
    public void EnableVectors(ushort control = 0x8000) => SetConfig(0x42, control, 2);

    /// <summary>Negotiates version 1 alone and sets up queue 0 with 8 entries.</summary>
    public void StartQueue(ulong descriptors, ulong available, ulong used, ushort vector)
    {
        Write(0x14, 1, 3);
        Write(0x08, 4, 1);
        Write(0x0C, 4, 1);
        Write(0x14, 1, 11);
        Assert.Equal(11u, Read(0x14, 1));
        Write(0x16, 2, 0);
        Write(0x18, 2, 8);
        Write(0x1A, 2, vector);
        Write(0x20, 8, descriptors);
        Write(0x28, 4, (uint)available);
        Write(0x2C, 4, available >> 32);
        Write(0x30, 8, used);
        Write(0x1C, 2, 1);
        Write(0x14, 1, 15);
    }

    /// <summary>Saves, and goes on with new objects.</summary>
    public void Reload()
    {
        var state = Transport.Save();
        Plug();
        Transport.Restore(state);
    }

    private void Plug()
    {
        Host = new PcieHost(1, Lines, Messages);
        Low = new PciWindow("low", Vectors, 1 << 20, Host.Space);
        High = new PciWindow("high", Registers, 1 << 20, Host.Space);
        _transport = new VirtioPciTransport(Memory, MakeDevice());
        Host.Add(0, (int)Slot, 0, _transport);
    }
}
