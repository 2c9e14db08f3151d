using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Boot.DeviceTree;

/// <summary>Generates the device tree of the <c>virt</c> board: the same nodes, addresses and interrupts as in QEMU 11.1.</summary>
internal sealed partial class VirtDeviceTree
{
    // Interrupt specifiers (arm,gic binding): type, number, flags.
    private const uint Spi = 0;
    private const uint Ppi = 1;
    private const uint RisingEdge = 1;
    private const uint LevelHigh = 4;

    private readonly VirtBoard _board;
    private readonly HighWindows _high;
    private readonly DeviceTreeBlob _tree = new();
    private readonly uint _clock;
    private readonly uint[] _cpus;
    private readonly uint _gic;
    private readonly uint _msi;
    private readonly uint _gpio;

    private VirtDeviceTree(VirtBoard board)
    {
        _board = board;
        _high = HighWindows.For(board.RamSize);
        var next = 0x8000u;
        _clock = next++;
        _cpus = new uint[board.CpuCount];
        for (var cpu = _cpus.Length - 1; cpu >= 0; cpu--)
            _cpus[cpu] = next++;
        _gic = next++;
        if (board.HasIts || board.HasV2m)
            _msi = next++;
        _gpio = next;
    }

    /// <summary>The tree without anything that depends on what is booted; see <see cref="DeviceTreePatch"/>.</summary>
    public static DeviceTreeBlob Build(VirtBoard board)
    {
        var builder = new VirtDeviceTree(board);
        builder.AddRoot();
        builder.AddPsci();
        DeviceTreePatch.SetMemory(builder._tree, MemoryMap.Ram(board.RamSize));
        builder.AddPlatformBus();
        builder.AddFwCfg();
        builder.AddVirtio();
        builder.AddGpio();
        builder.AddPcie();
        builder.AddRtc();
        builder.AddWatchdog();
        builder.AddUarts();
        builder.AddGic();
        builder.AddFlash();
        builder.AddCpus();
        builder.AddTimer();
        builder.AddClock();
        builder.AddChosen();
        return builder._tree;
    }

    private DeviceTreeNode Add(string name) => _tree.Root.AddChild(name);

    private void AddRoot()
    {
        _tree.Root
            .SetCells("interrupt-parent", _gic)
            .SetFlag("dma-coherent")
            .SetStrings("model", "linux,dummy-virt")
            .SetCells("#size-cells", 2)
            .SetCells("#address-cells", 2)
            .SetStrings("compatible", "linux,dummy-virt");
    }

    private void AddPsci()
    {
        if (_board.Psci == PsciConduit.None)
            return;

        // Function identifiers of the SMC64 convention (PSCI, DEN 0022, 5.1).
        Add("psci")
            .SetCells("migrate", 0xC400_0005)
            .SetCells("cpu_on", 0xC400_0003)
            .SetCells("cpu_off", 0x8400_0002)
            .SetCells("cpu_suspend", 0xC400_0001)
            .SetStrings("method", _board.Psci == PsciConduit.Hvc ? "hvc" : "smc")
            .SetStrings("compatible", "arm,psci-1.0", "arm,psci-0.2", "arm,psci");
    }

    private void AddCpus()
    {
        var cpus = Add("cpus").SetCells("#size-cells", 0).SetCells("#address-cells", 1);
        var cluster = cpus.AddChild("cpu-map").AddChild("socket0").AddChild("cluster0");
        for (var i = 0; i < _cpus.Length; i++)
        {
            cluster.AddChild($"core{i}").SetCells("cpu", _cpus[i]);
            var affinity = _board.Affinity(i);
            // QEMU's unit address is the index, in decimal.
            var cpu = cpus.AddChild($"cpu@{i}");
            AddCache(cpu, "i", _board.InstructionCache);
            AddCache(cpu, "d", _board.DataCache);
            cpu.SetCells("phandle", _cpus[i]).SetCells("reg", affinity);
            if (_board.Psci != PsciConduit.None && _cpus.Length > 1)
                cpu.SetStrings("enable-method", "psci");
            cpu.SetStrings("compatible", _board.CpuCompatible).SetStrings("device_type", "cpu");
        }
    }

    private static void AddCache(DeviceTreeNode cpu, string prefix, CacheGeometry? cache)
    {
        if (cache is null)
            return;
        cpu.SetCells(prefix + "-cache-sets", cache.Sets)
            .SetCells(prefix + "-cache-size", cache.Size)
            .SetCells(prefix + "-cache-block-size", cache.LineSize);
    }

    /// <summary>PPIs of a GICv2 name their processors in bits 15:8; with GICv3 those bits are zero.</summary>
    private uint PpiFlags => _board.Gic == GicVersion.V2
        ? LevelHigh | (((1u << Math.Min(_board.CpuCount, 8)) - 1) << 8)
        : LevelHigh;

    private void AddTimer()
    {
        var flags = PpiFlags;
        var timer = Add("timer");
        if (_board.HasEl2)
        {
            timer.SetCells(
                "interrupts",
                Ppi, BoardInterrupts.SecureTimerPpi, flags, Ppi, BoardInterrupts.PhysicalTimerPpi, flags,
                Ppi, BoardInterrupts.VirtualTimerPpi, flags, Ppi, BoardInterrupts.PhysicalEl2TimerPpi, flags,
                Ppi, BoardInterrupts.VirtualEl2TimerPpi, flags);
        }
        else
        {
            timer.SetCells(
                "interrupts",
                Ppi, BoardInterrupts.SecureTimerPpi, flags, Ppi, BoardInterrupts.PhysicalTimerPpi, flags,
                Ppi, BoardInterrupts.VirtualTimerPpi, flags, Ppi, BoardInterrupts.PhysicalEl2TimerPpi, flags);
        }

        timer.SetFlag("always-on").SetStrings("compatible", "arm,armv8-timer", "arm,armv7-timer");
        if (_board.HasPmu)
            Add("pmu").SetCells("interrupts", Ppi, BoardInterrupts.PmuPpi, flags).SetStrings("compatible", "arm,armv8-pmuv3");
    }

    private void AddClock()
    {
        Add("apb-pclk")
            .SetCells("phandle", _clock)
            .SetStrings("clock-output-names", "clk24mhz")
            .SetCells("clock-frequency", 24_000_000)
            .SetCells("#clock-cells", 0)
            .SetStrings("compatible", "fixed-clock");
    }

    private void AddChosen()
    {
        var uart = $"/pl011@{MemoryMap.Uart0.Base:x}";
        var aliases = Add("aliases").SetStrings("serial0", uart);
        if (_board.HasUart1)
            aliases.SetStrings("serial1", $"/pl011@{MemoryMap.Uart1.Base:x}");
        var chosen = Add("chosen").SetStrings("stdout-path", uart);
        if (!_board.RngSeed.IsEmpty)
            chosen.Set("rng-seed", _board.RngSeed.Span);
        if (_board.KaslrSeed is { } seed)
            chosen.SetNumbers("kaslr-seed", seed);
    }
}
