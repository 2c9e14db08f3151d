using Arm64Vm.Cpu;
using Arm64Vm.Devices.Clock;
using Arm64Vm.Devices.Flash;
using Arm64Vm.Devices.FwCfg;
using Arm64Vm.Devices.Gic;
using Arm64Vm.Devices.Gpio;
using Arm64Vm.Devices.Pci;
using Arm64Vm.Devices.Pci.Panic;
using Arm64Vm.Devices.Power;
using Arm64Vm.Devices.Rtc;
using Arm64Vm.Devices.Tests.Gic.Its;
using Arm64Vm.Devices.Tests.Virtio.Block;
using Arm64Vm.Devices.Uart;
using Arm64Vm.Devices.Virtio;
using Arm64Vm.Devices.Virtio.Balloon;
using Arm64Vm.Devices.Virtio.Block;
using Arm64Vm.Devices.Virtio.Console;
using Arm64Vm.Devices.Virtio.Entropy;
using Arm64Vm.Devices.Virtio.Input;
using Arm64Vm.Devices.Virtio.Serial;
using Arm64Vm.Devices.Watchdog;

namespace Arm64Vm.Devices.Tests;

/// <summary>What a guest can make a device hold does not depend on how long it tries: docs/limits.md states the bounds.</summary>
/// <remarks>Runs alone: it looks at the whole heap.</remarks>
[CollectionDefinition(nameof(DeviceBoundTests), DisableParallelization = true)]
[Collection(nameof(DeviceBoundTests))]
public sealed class DeviceBoundTests
{
    private const int Accesses = 100_000;

    /// <summary>Beyond what the accesses before have brought about.</summary>
    private const long Bound = 64 * 1024;

    private static readonly int[] s_sizes = [1, 2, 4, 8];

    public static TheoryData<string> Names() =>
    [
        "pl011", "pl031", "pl061", "flash", "fw_cfg", "pcie", "pcie functions", "events", "gicv2", "gicv3", "gicv3 redistributors", "its", "gicv2m",
        "virtio disk", "virtio console", "virtio entropy", "virtio balloon", "virtio serial", "virtio keyboard", "watchdog",
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void AccessesDoNotMakeADeviceGrow(string name)
    {
        var (device, registers) = Create(name);
        var random = new Random(1);
        Run(device, registers, random);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        Run(device, registers, random);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, Bound);
        (device as IDisposable)?.Dispose();
    }

    private static void Run(IMmioDevice device, ulong registers, Random random)
    {
        for (var i = 0; i < Accesses; i++)
        {
            var size = s_sizes[random.Next(4)];
            var offset = (ulong)random.NextInt64((long)registers);
            if (random.Next(8) != 0)
                (offset, size) = (offset & ~3ul, 4);
            var value = random.Next(3) switch { 0 => (ulong)random.Next(16), 1 => TestMemory.Base + (ulong)random.Next(1 << 16), _ => (ulong)random.NextInt64() };
            if (random.Next(3) == 0)
                device.TryRead(offset, size, out _);
            else
                device.TryWrite(offset, size, value);
        }
    }

    /// <summary>The device, and how much of its window has registers.</summary>
    private static (IMmioDevice Device, ulong Registers) Create(string name)
    {
        var line = new TestLine();
        var clock = new ManualClock();
        var memory = new TestMemory(1 << 16);
        new Random(2).NextBytes(memory.Bytes);
        var items = new FwCfgItems();
        items.AddFile("opt/a", new byte[100]);
        return name switch
        {
            "pl011" => (new Pl011(line, clock, new SilentBackend()), 0x50),
            "pl031" => (new Pl031(line, clock), 0x20),
            "pl061" => (new Pl061(line), 0x420),
            "flash" => (new CfiFlash(new byte[1 << 20]), 1 << 20),
            "fw_cfg" => (new FwCfgDevice(items, memory), FwCfgDevice.Length),
            "pcie" => (new PcieHost(), 0x2000),
            "pcie functions" => (WithFunctions(), 0x20_0000),
            "its" => (new ItsBench().Its, 0x1_0044),
            "gicv2m" => (new GicV2m(0x802_0000, 80, [line]), 0x1000),
            "events" => (new GenericEventDevice(line), GenericEventDevice.Length),
            "gicv2" => (new GicV2(1).Distributor, 0x1000),
            "gicv3" => (new GicV3([0]).Distributor, 0x1_0000),
            "gicv3 redistributors" => (new GicV3([0]).Redistributors, 0x2_0000),
            "virtio disk" => (new LiveTransport(line, memory, new VirtioBlock(new MemoryBackend(4096))), 0x200),
            "virtio console" => (new LiveTransport(line, memory, new VirtioConsole(new SilentBackend())), 0x200),
            "virtio entropy" => (new LiveTransport(line, memory, new VirtioEntropy(bytes => bytes.Clear())), 0x200),
            "virtio serial" => (new LiveTransport(line, memory, new VirtioSerial([("org.first", new SilentBackend())])), 0x200),
            "virtio keyboard" => (new LiveTransport(line, memory, new VirtioInput(InputDescription.Keyboard(), new InputQueue())), 0x200),
            "virtio balloon" => (new LiveTransport(line, memory, new VirtioBalloon(memory)), 0x200),
            "watchdog" => (new SbsaWatchdog(clock, 62_500_000, line, static () => { }).Control, 0x20),
            _ => throw new ArgumentOutOfRangeException(nameof(name)),
        };
    }

    /// <summary>A panic device and, behind a root port, another one.</summary>
    private static PcieHost WithFunctions()
    {
        var host = new PcieHost(2, [new TestLine(), new TestLine(), new TestLine(), new TestLine()]);
        var port = new PcieRootPort(1);
        host.Add(0, 0, 1, new PanicFunction(static () => { }));
        host.Add(0, 1, 0, port);
        host.Plug(port, new PanicFunction(static () => { }));
        return host;
    }

    private sealed class SilentBackend : ICharacterBackend
    {
        public void Write(byte value)
        {
        }

        public bool TryRead(out byte value)
        {
            value = 0;
            return true;
        }

        public void SetInputHandler(Action? inputAvailable)
        {
        }
    }

    /// <summary>A transport that is brought to life now and then: random writes alone hardly do it.</summary>
    private sealed class LiveTransport(TestLine line, TestMemory memory, IVirtioDevice device) : IMmioDevice
    {
        private readonly VirtioMmioTransport _transport = new(line, memory, device);
        private int _accesses;

        public bool TryRead(ulong offset, int size, out ulong value) => _transport.TryRead(offset, size, out value);

        public bool TryWrite(ulong offset, int size, ulong value)
        {
            if (_accesses++ % 64 == 0)
            {
                foreach (var (register, word) in (ReadOnlySpan<(ulong, uint)>)[(0x70, 0), (0x70, 3), (0x24, 0), (0x20, 3u << 28), (0x24, 1), (0x20, 1), (0x70, 11)])
                    _transport.Write(register, word);
                for (var queue = 0u; queue < device.QueueCount; queue++)
                {
                    foreach (var (register, word) in (ReadOnlySpan<(ulong, uint)>)[(0x30, queue), (0x38, 16), (0x80, (uint)TestMemory.Base), (0x90, (uint)TestMemory.Base + 0x400 * queue), (0xA0, (uint)TestMemory.Base + 0x4000), (0x44, 1)])
                        _transport.Write(register, word);
                }

                _transport.Write(0x70, 15);
            }

            if (_accesses % 4 == 0)
            {
                // Something for the device to do, of random descriptors.
                memory.Write16(TestMemory.Base + 2, (ushort)(_accesses / 4));
                _transport.Write(0x50, 0);
                memory.Discards.Clear();
            }

            return _transport.TryWrite(offset, size, value);
        }
    }
}
