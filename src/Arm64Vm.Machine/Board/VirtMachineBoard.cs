using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Cpu;
using Arm64Vm.Cpu.Memory;
using Arm64Vm.Devices.Clock;
using Arm64Vm.Devices.Display;
using Arm64Vm.Devices.FwCfg;
using Arm64Vm.Devices.Gpio;
using Arm64Vm.Devices.Pci;
using Arm64Vm.Devices.Pci.Panic;
using Arm64Vm.Devices.Power;
using Arm64Vm.Devices.Rtc;
using Arm64Vm.Devices.Timer;
using Arm64Vm.Devices.Tpm;
using Arm64Vm.Devices.Uart;
using Arm64Vm.Devices.Virtio;
using Arm64Vm.Devices.Virtio.Balloon;
using Arm64Vm.Devices.Virtio.Block;
using Arm64Vm.Devices.Virtio.Console;
using Arm64Vm.Devices.Virtio.Entropy;
using Arm64Vm.Devices.Virtio.Input;
using Arm64Vm.Devices.Virtio.Pci;
using Arm64Vm.Devices.Virtio.Serial;
using Arm64Vm.Devices.Virtio.Share;
using Arm64Vm.Devices.Virtio.Vsock;
using Arm64Vm.Devices.Watchdog;
using Arm64Vm.Machine.Boot;
using Arm64Vm.Machine.Memory;
using Arm64Vm.Machine.Psci;
using Arm64Vm.Machine.Running;
using Arm64Vm.Translation;
using Arm64Vm.Translation.Jit;

namespace Arm64Vm.Machine.Board;

/// <summary>The <c>virt</c> board from power-on to power-off or reset: RAM, devices and the processor, wired up and ready at the first instruction.</summary>
internal sealed class VirtMachineBoard : IDisposable
{
    private readonly List<IDisposable> _disposables = [];
    private readonly ILogSink? _log;
    private readonly MachineParts _parts;
    private readonly IVirtualClock _clock;
    private readonly PsciFirmware _psci = new();
    private readonly List<IExecutor> _executors = [];

    /// <summary>What the processors' emitted code is kept in; null where the interpreter executes.</summary>
    private readonly TranslationCache? _translations;

    /// <param name="parts">What a reset keeps.</param>
    /// <param name="boot">What to boot.</param>
    /// <param name="isStopping">Ends waits for console input.</param>
    /// <param name="waker">Who schedules the processors; null: the caller looks by itself.</param>
    /// <param name="wrap">Puts something around the executor; null: nothing.</param>
    /// <exception cref="BootImageException">Something cannot be loaded.</exception>
    /// <exception cref="OutOfMemoryException">The host refuses the RAM.</exception>
    public VirtMachineBoard(MachineParts parts, BootPackage boot, Func<bool> isStopping, IVcpuWaker? waker = null, Func<IExecutor, IExecutor>? wrap = null)
    {
        _parts = parts;
        _log = parts.Config.Log;
        _clock = parts.Clock;
        Bus = new PhysicalBus(_log);
        Memory = new PhysicalMemory(Bus);
        try
        {
            Ram = Own(new GuestRam(MemoryMap.RamBase, parts.Config.Memory));
            Memory.AddRam(Ram);
            // With a store for variables the code beside it is read-only, as those who give QEMU two images have it.
            _ = new FlashBank(parts.Flash0, Memory, Bus, readOnly: parts.Config.Vars is not null, log: _log);
            _ = new FlashBank(parts.Flash1, Memory, Bus, parts.Variables, log: _log);

            Interrupts = BoardGic.Create(parts, Bus, Memory);
            if (parts.Config.Trace is { } trace)
            {
                trace.Devices = Bus;
                if ((trace.Kinds & TraceKinds.Interrupts) != 0)
                    Interrupts.Trace(trace, _clock);
            }

            var timers = Own(MakeTimers());
            _translations = parts.Execution.Features is null ? null : Own(MakeCache(parts.Config, parts.Execution.Features));
            IdleMemory = new IdleMemory(_translations);
            Phases = parts.Config.TracksPhases ? new PhaseTracker(parts.Console, parts.Config.Firmware is not null) : null;
            var vcpus = new Vcpu[parts.Config.Cpus];
            var events = new EventBroadcast(vcpus.Length);
            for (var cpu = 0; cpu < vcpus.Length; cpu++)
                vcpus[cpu] = Own(MakeProcessor(cpu, isStopping, waker, events, wrap, timers));
            Vcpus = vcpus;
            _psci.Connect(vcpus);
            Interrupts.Connect(vcpus);
            foreach (var vcpu in vcpus)
            {
                timers.Connect(vcpu.Index, vcpu.InterruptsChanged);
                if ((waker as MachineRunner)?.AlarmOf(vcpu.Index) is { } alarm)
                    timers.UseAlarm(vcpu.Index, alarm);
            }

            Phases?.Attach(time => PhaseCounters.Read(this, time));

            AddUart("uart0", MemoryMap.Uart0, BoardInterrupts.Uart0Spi, parts.Console);
            if (parts.SecondConsole is { } second)
                AddUart("uart1", MemoryMap.Uart1, BoardInterrupts.Uart1Spi, second);
            AddRtc();
            AddPowerKey();
            AddWatchdog();
            AddTpm();
            AddVirtio(AddPcie());
            if (parts.Config.HasDisplay)
            {
                Display = new RamFramebuffer(Memory);
                boot.FwCfg.AddWritableFile(RamFramebuffer.FileName, Display.Configuration);
            }

            Bus.Map(MemoryMap.FwCfg, "fw_cfg", new FwCfgDevice(boot.FwCfg, Memory, _log), isThreadSafe: true);

            boot.Plan.WriteTo(Memory, memoryIsZero: true);
            Vcpu.Reset(boot.Plan.EntryPoint);
            foreach (var vcpu in vcpus.AsSpan(1))
                vcpu.PowerOff();
            if (boot.Plan.DeviceTreeAddress is { } tree)
                Vcpu.SetX(0, tree);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public PhysicalBus Bus { get; }

    public PhysicalMemory Memory { get; }

    public GuestRam Ram { get; }

    public BoardGic Interrupts { get; }

    /// <summary>The processor that boots.</summary>
    public Vcpu Vcpu => Vcpus[0];

    /// <summary>All processors, by index.</summary>
    public IReadOnlyList<Vcpu> Vcpus { get; }

    /// <summary>What executes the guest's instructions, for each processor.</summary>
    public IReadOnlyList<IExecutor> ProcessorExecutors => _executors;

    /// <summary>Guest instructions executed by all processors; null where they are not counted.</summary>
    public ulong? CountedInstructions
    {
        get
        {
            ulong sum = 0;
            for (var cpu = 0; cpu < Vcpus.Count; cpu++)
            {
                if (!Executors.CountsInstructions(_executors[cpu]))
                    return null;
                sum += Vcpus[cpu].InstructionsCounted;
            }

            return sum;
        }
    }

    public PowerKey PowerKey { get; private set; } = null!;

    /// <summary>Null: there is none.</summary>
    public RamFramebuffer? Display { get; }

    /// <summary>Null: there is none.</summary>
    public VirtioBalloon? Balloon { get; private set; }

    /// <summary>For devices that come and go.</summary>
    public BoardSlots Slots { get; private set; } = null!;

    /// <summary>What the machine gives back to the host when it is idle.</summary>
    public IdleMemory IdleMemory { get; }

    /// <summary>Null: stages are not looked for.</summary>
    public PhaseTracker? Phases { get; }

    /// <summary>Status of the guest program that ended through semihosting.</summary>
    public int ExitCode => Vcpus.Select(vcpu => vcpu.ExitCode).FirstOrDefault(code => code != 0);

    /// <summary>The guest's kernel has said that it panicked.</summary>
    public bool HasPanicked { get; private set; }

    /// <summary>A guest has let go of a device.</summary>
    public Action<HotplugDevice>? DeviceRemoved { get; set; }

    /// <summary>Asks every processor to stop. Safe from any thread.</summary>
    public void RequestStop(VcpuStop reason)
    {
        foreach (var vcpu in Vcpus)
            vcpu.RequestStop(reason);
    }

    /// <summary>Takes the board apart, in the reverse order of its making: what works on its own account before the memory it works on.</summary>
    /// <remarks>No processor may be running. Input, timers and threads of devices may go on during the call, and have no effect after it.</remarks>
    public void Dispose()
    {
        for (var i = _disposables.Count - 1; i >= 0; i--)
            _disposables[i].Dispose();
        _disposables.Clear();
        _parts.SaveCode();
    }

    private void Panicked()
    {
        HasPanicked = true;
        Vcpu.RequestStop(VcpuStop.PowerOff);
    }

    private T Own<T>(T part)
        where T : IDisposable
    {
        _disposables.Add(part);
        return part;
    }

    private static TranslationCache MakeCache(MachineConfig config, HostFeatures features)
    {
        var limit = (long?)config.CodeMemory;
        return new TranslationCache(Math.Max(TranslationCache.DefaultSize, limit ?? 0), features, limit);
    }

    private GenericTimer MakeTimers()
    {
        var lines = new (IInterruptLine Physical, IInterruptLine Virtual)[_parts.Config.Cpus];
        for (var cpu = 0; cpu < lines.Length; cpu++)
            lines[cpu] = (Interrupts.Ppi(cpu, BoardInterrupts.PhysicalTimerPpi), Interrupts.Ppi(cpu, BoardInterrupts.VirtualTimerPpi));
        return new GenericTimer(_clock, _parts.Model.TimerFrequency, lines);
    }

    private Vcpu MakeProcessor(int cpu, Func<bool> isStopping, IVcpuWaker? waker, EventBroadcast events, Func<IExecutor, IExecutor>? wrap, GenericTimer timers)
    {
        var config = _parts.Config;
        var options = new VcpuOptions
        {
            Model = _parts.Model,
            Registers = _parts.Registers,
            Index = cpu,
            Affinity = _parts.Describe().Affinity(cpu),
            HasSiblings = config.Cpus > 1,
            Events = events,
            Waker = waker,
            Interrupts = Interrupts.Source,
            Timers = timers,
            HasGicRegisters = config.Gic == GicVersion.V3,
            Semihosting = config.Semihosting == SemihostingAccess.Off ? null : new ConsoleSemihosting(_parts.Console, config.Append, isStopping, waker as MachineRunner),
            HasUserSemihosting = config.Semihosting == SemihostingAccess.User,
            HypervisorCalls = _psci,
            RandomSeed = config.RandomSeed + (ulong)cpu,
            Clock = _clock,
            PmuInterrupt = Interrupts.Ppi(cpu, BoardInterrupts.PmuPpi),
            DebugPoints = _parts.DebugPoints,
            Log = _log,
            Trace = config.Trace,
            Milestones = Phases,
        };
        return new Vcpu(options, Memory, [timers, .. Interrupts.SystemRegisters], (services, code) =>
        {
            var executor = Executors.Make(_parts.Model, _parts.Execution, services, code, _translations, _parts.DebugPoints, _translations is null ? null : _parts.CodeImages(_translations));
            _executors.Add(executor);
            if (Phases is not null)
                Executors.CountInstructions(executor);
            var outer = wrap is null ? executor : wrap(executor);
            if (config.Trace is { } trace && (trace.Kinds & TraceKinds.Execution) != 0)
                outer = new UnitTrace(outer, executor, trace, cpu, _clock, () => Vcpus[cpu].ExceptionLevel);
            return _log is not null && _log.IsEnabled(LogCategories.Blocks) ? new UnitLog(outer, executor, _log) : outer;
        });
    }

    private void AddUart(string name, Region window, int spi, SerialConsole console) =>
        Bus.Map(window, name, Own(new Pl011(Interrupts.Spi(spi), _clock, console, _log)), isThreadSafe: true);

    private void AddRtc()
    {
        var rtc = Own(new Pl031(Interrupts.Spi(BoardInterrupts.RtcSpi), _clock, _log));
        Bus.Map(MemoryMap.Rtc, "rtc", rtc, isThreadSafe: true);
    }

    private void AddWatchdog()
    {
        if (!_parts.Config.HasWatchdog)
            return;
        var watchdog = Own(new SbsaWatchdog(_clock, _parts.Model.TimerFrequency, Interrupts.Spi(BoardInterrupts.WatchdogSpi), () => Vcpu.RequestStop(VcpuStop.Reset)));
        Bus.Map(MemoryMap.WatchdogControl, "watchdog control", watchdog.Control, isThreadSafe: true);
        Bus.Map(MemoryMap.WatchdogRefresh, "watchdog refresh", watchdog.Refresh, isThreadSafe: true);
    }

    private void AddTpm()
    {
        var hasThread = _clock is SystemClock;
        switch (_parts.Tpm, _parts.Config.Tpm?.Interface)
        {
            case ({ } tpm, TpmInterface.Tis):
                Bus.Map(MemoryMap.Tpm, "tpm", Own(new TpmTis(tpm, hasThread)), isThreadSafe: true);
                break;
            case ({ } tpm, TpmInterface.Crb):
                Bus.Map(MemoryMap.Tpm with { Size = TpmCrb.Length }, "tpm", Own(new TpmCrb(tpm, MemoryMap.Tpm.Base, hasThread)), isThreadSafe: true);
                break;
        }
    }

    /// <summary>The power key is a pin for guests with a device tree, and an event for those with ACPI.</summary>
    private void AddPowerKey()
    {
        GenericEventDevice? events = null;
        if (_parts.Config.Firmware is not null && _parts.Config.Acpi)
        {
            events = new GenericEventDevice(Interrupts.Spi(BoardInterrupts.GenericEventSpi));
            Bus.Map(MemoryMap.GenericEvents, "generic events", events, isThreadSafe: true);
        }

        var gpio = new Pl061(Interrupts.Spi(BoardInterrupts.GpioSpi), _log);
        Bus.Map(MemoryMap.Gpio, "gpio", gpio, isThreadSafe: true);
        PowerKey = Own(new PowerKey(gpio, _clock, events));
    }

    /// <summary>Every device at the place that the configuration gives it; the other transports are empty.</summary>
    /// <remarks>Only in the host's time have disks threads: in virtual time runs are deterministic.</remarks>
    private void AddVirtio(PcieHost pcie)
    {
        var places = VirtioPlaces.Assign(_parts.Config);
        var onMmio = new IVirtioDevice?[MemoryMap.VirtioMmioCount];
        for (var disk = 0; disk < _parts.Disks.Count; disk++)
            Plug(Own(new VirtioBlock(_parts.Disks[disk], $"disk{disk}", hasThread: _clock is SystemClock, places.Disks[disk].DiskQueues(_parts.Config.Cpus))), places.Disks[disk]);
        if (places.Entropy is { } entropy)
            Plug(new VirtioEntropy(_parts.Config.RandomSeed is { } seed ? new Random((int)seed).NextBytes : null), entropy);
        if (places.Console is { } console)
            Plug(Own(new VirtioConsole(_parts.VirtioConsole!)), console);
        if (places.Balloon is { } balloon)
            Plug(Balloon = new VirtioBalloon(Memory, _parts.BalloonTarget), balloon);
        foreach (var (network, place) in _parts.Networks.MakeDevices().Zip(places.Networks))
            Plug(Own(network), place);
        for (var share = 0; share < _parts.Shares.Count; share++)
            Plug(Own(new VirtioShare(_parts.Shares[share], _parts.Config.Shares[share].Tag, hasThread: _clock is SystemClock)), places.Shares[share]);

        if (places.Vsock is { } vsock)
            Plug(Own(new VirtioVsock(_parts.Config.Vsock!.Cid, _parts.Vsock!)), vsock);
        if (places.SerialPorts is { } ports)
            Plug(Own(new VirtioSerial([.. _parts.Config.VirtioPorts.Zip(_parts.VirtioPorts, (port, end) => (port.Name, (ICharacterBackend)end))])), ports);
        if (places.Keyboard is { } keyboard)
            Plug(Own(new VirtioInput(InputDescription.Keyboard(), _parts.Keyboard)), keyboard);
        if (places.Tablet is { } tablet)
            Plug(Own(new VirtioInput(InputDescription.Tablet(), _parts.Pointer)), tablet);

        for (var i = 0; i < onMmio.Length; i++)
        {
            var transport = Own(new VirtioMmioTransport(Interrupts.Spi(BoardInterrupts.VirtioFirstSpi + i), Memory, onMmio[i], _log));
            Bus.Map(MemoryMap.VirtioMmio(i), $"virtio{i}", transport, isThreadSafe: true);
        }

        if (places.PanicDevice is { } panic)
            pcie.Add(0, panic.Index, 0, new PanicFunction(Panicked));
        Slots = Own(new BoardSlots(pcie, Memory, hasThreads: _clock is SystemClock, device => DeviceRemoved?.Invoke(device), _log));
        foreach (var slot in places.Slots)
            Slots.AddPort(slot.Index);

        void Plug(IVirtioDevice device, VirtioPlace place)
        {
            if (place.Bus == VirtioBus.Mmio)
                onMmio[place.Index] = device;
            else
                pcie.Add(0, place.Index, 0, Own(new VirtioPciTransport(Memory, device, _log)));
        }
    }

    private PcieHost AddPcie()
    {
        var high = HighWindows.For(_parts.Config.Memory);
        IInterruptLine[] lines = [.. Enumerable.Range(0, PcieHost.PinCount).Select(pin => Interrupts.Spi(BoardInterrupts.PcieFirstSpi + pin))];
        var pcie = new PcieHost(lines: lines, messages: Interrupts.Messages);
        Bus.Map(high.Ecam, "pcie ecam", pcie, isThreadSafe: true);
        AddPciWindow("mmio32", MemoryMap.PcieMmio32, pcie.Space);
        AddPciWindow("pio", MemoryMap.PciePio, null);
        AddPciWindow("mmio64", high.PcieMmio64, pcie.Space);
        return pcie;
    }

    private void AddPciWindow(string name, Region window, PciAddressSpace? space) =>
        Bus.Map(window, "pcie " + name, new PciWindow(name, window.Base, window.Size, space, _log), isThreadSafe: true);
}
