using System.Diagnostics.CodeAnalysis;
using Arm64Vm.Cpu.Debugging;
using Arm64Vm.Cpu.Exceptions;
using Arm64Vm.Cpu.Memory;
using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Cpu.Parts;
using Arm64Vm.Cpu.Pmu;
using Arm64Vm.Cpu.Registers;
using Arm64Vm.Ir;
using Arm64Vm.Translation;

namespace Arm64Vm.Cpu;

/// <summary>One AArch64 processor with EL0 and EL1: everything around the executor that runs its instructions.</summary>
/// <remarks>
/// One thread at a time runs it (<see cref="Run"/>) and uses its members, not always the same; interrupt lines, <see cref="RequestStop"/>,
/// <see cref="RequestQuantumEnd"/> and the memory observer are safe from any thread, also after disposal.
/// </remarks>
[SuppressMessage("Design", "CA1506", Justification = "The processor is where its parts meet.")]
internal sealed unsafe partial class Vcpu : IGuestServices, ICodeMemory, IMemoryObserver, IDisposable
{
    private readonly HostMemory _contextMemory;
    private readonly GuestContext* _context;
    private readonly PhysicalMemory _memory;
    private readonly VcpuOptions _options;
    private readonly CpuModel _model;
    private readonly RegisterTable _table;
    private readonly ulong[] _slots;
    private readonly ISystemRegisterDevice[] _devices;
    private readonly Stage1 _stage1;
    private readonly IExecutor _executor;
    private readonly ILogSink? _log;
    private readonly PerformanceMonitors _pmu;
    private readonly ProcessorEvents _processorEvents = new();
    private readonly SystemCounter _counter;
    private readonly EventRegister _event;
    private readonly ProcessorWait _wait;
    private readonly PowerSwitch _power = new();
    private readonly TlbShootdowns _shootdowns;
    private readonly ProcessorMode _mode;
    private readonly SoftwareStep _step;
    private readonly AtomicUnit _atomics;
    private readonly DebuggerControl _debugger;

    /// <summary>Makes a processor in its reset state, not running.</summary>
    /// <param name="options">What it is.</param>
    /// <param name="memory">Its physical address space.</param>
    /// <param name="devices">Devices that implement system registers: the GIC's CPU interface, the timer.</param>
    /// <param name="makeExecutor">Makes the executor, given the services it calls back; the vCPU disposes it.</param>
    public Vcpu(VcpuOptions options, PhysicalMemory memory, IReadOnlyList<ISystemRegisterDevice> devices, Func<IGuestServices, ICodeMemory, IExecutor> makeExecutor)
    {
        _options = options;
        _model = options.Model;
        _memory = memory;
        _devices = [.. devices];
        _log = options.Log;
        _trace = options.Trace;
        _traced = _trace?.Kinds ?? TraceKinds.None;
        _random = new RandomSource(options.RandomSeed);

        // SAFETY: page-aligned zeroed memory of the context's size, owned here and released in Dispose after the executor is gone.
        _contextMemory = HostMemory.Anonymous((GuestContext.TotalSize + 4095UL) & ~4095UL);
        _contextMemory.AdviseSmallPages(); // it is given back while the machine is idle
        _context = (GuestContext*)_contextMemory.Address;
        _stage1 = new Stage1(memory, _context, _model.PhysicalBits, _model.HasHardwareUpdates, options.NormalMemoryWhenMmuOff, _model.HasEnhancedPan, _processorEvents);
        if (IsTraced(TraceKinds.Tlb))
            _stage1.Walked = TraceWalk;
        _table = (options.Registers ?? new RegisterTables()).Of(_model, options.HasGicRegisters);
        _slots = new ulong[_table.SlotCount];
        _pmu = new PerformanceMonitors(_model.PmuCounters, _model.HasLongPmuEvents, options.Clock, options.PmuInterrupt, _context, _processorEvents, InterruptsChanged);
        _mode = new ProcessorMode(_context, _model, _pmu);
        _step = new SoftwareStep(_mode);
        _atomics = new AtomicUnit(_context);
        _debugger = new DebuggerControl(_context, options.DebugPoints ?? new DebugPoints(), _step);
        var events = options.Events ?? new EventBroadcast(options.Index + 1);
        events.Register(this);
        _event = new EventRegister(events, options.Index);
        _counter = new SystemCounter(_context, options.Clock, _model);
        _wait = new ProcessorWait(_event, _counter, options.Clock, new MarkedLocation(_context), options.HasSiblings);
        Irq = new InterruptInput(this, LineBits.Irq);
        Fiq = new InterruptInput(this, LineBits.Fiq);
        Reset(0);
        _executor = makeExecutor(this, this);
        _shootdowns = new TlbShootdowns(_context, _stage1, memory.Domain);
        memory.AddTracker(_executor.Tracker);
        memory.AddObserver(this);
    }

    /// <summary>The interrupt input that the GIC drives with Group 1 interrupts.</summary>
    public IInterruptLine Irq { get; }

    /// <summary>The interrupt input for Group 0 interrupts.</summary>
    public IInterruptLine Fiq { get; }

    public CpuModel Model => _model;

    /// <summary>Index among the machine's processors.</summary>
    public int Index => _options.Index;

    /// <summary>MPIDR_EL1: affinity, with the uniprocessor bit clear.</summary>
    public ulong Affinity => (1UL << 31) | (_options.Affinity & 0xFF_00FF_FFFF);

    /// <summary>Program counter.</summary>
    public ulong Pc
    {
        get => _context->Pc;
        set => _context->Pc = value;
    }

    /// <summary>The context that guest code works on, for executors and debuggers.</summary>
    public GuestContext* Context => _context;

    internal ref PState State => ref _mode.State;

    internal uint Nzcv
    {
        get => _context->Nzcv;
        set => _context->Nzcv = value;
    }

    internal PerformanceMonitors Pmu
    {
        get
        {
            _pmu.Level = State.El;
            return _pmu;
        }
    }

    internal Stage1 Stage1 => _stage1;

    internal SystemCounter Counter => _counter;

    internal RegisterTable Registers => _table;

    /// <summary>X0 to X30; 31 reads as zero and ignores writes.</summary>
    public ulong GetX(int index) => (uint)index < 31 ? _context->X[index] : 0;

    /// <inheritdoc cref="GetX"/>
    public void SetX(int index, ulong value)
    {
        if ((uint)index < 31)
            _context->X[index] = value;
    }

    /// <summary>The stack pointer in use.</summary>
    public ulong StackPointer
    {
        get => _context->X[31];
        set => _context->X[31] = value;
    }

    /// <summary>Exception level, 0 or 1.</summary>
    public int ExceptionLevel => State.El;

    /// <summary>SPSR_EL1's view of PSTATE.</summary>
    public uint ProcessorState => _mode.Spsr;

    /// <summary>PSTATE.DAIF at bits 9:6.</summary>
    internal uint Daif
    {
        get => _mode.Daif;
        set => _mode.Daif = value;
    }

    internal ulong StackPointer0
    {
        get => _mode.StackPointer0;
        set => _mode.StackPointer0 = value;
    }

    public void CompleteInvalidations(GuestContext* context) => _shootdowns.Complete();

    internal ulong Slot(SystemSlot slot) => _slots[(int)slot];

    internal ulong GetDirect(DirectRegister register) => _context->Direct[(int)register];

    internal void SetDirect(DirectRegister register, ulong value) => _context->Direct[(int)register] = value;

    /// <summary>Cold reset: registers zero, MMU off, interrupts masked, EL1h, ready to run at <paramref name="entry"/>.</summary>
    public void Reset(ulong entry)
    {
        for (int i = 0; i < 32; i++)
            _context->X[i] = 0;
        for (int i = 0; i < 64; i++)
            _context->V[i] = 0;
        for (int i = 0; i < (int)DirectRegister.Count; i++)
            _context->Direct[i] = 0;
        foreach (RegisterDescriptor row in _table.Rows)
        {
            if (row.SlotIndex >= 0)
                _slots[row.SlotIndex] = row.ResetValue;
        }

        _mode.Reset(_options.StartAtEl0);
        if (_options.StartAtEl0)
            _slots[(int)SystemSlot.Cpacr] = 3UL << 20;
        _context->Fpcr = 0;
        _context->Fpsr = 0;
        _atomics.ClearMonitor();
        _event.Clear();
        _power.SwitchOn();
        foreach (ISystemRegisterDevice device in _devices)
            device.ResetProcessor(Index);
        _wait.End();
        _yields = false;
        _step.Forget();
        _context->Pc = entry;
        _stage1.InvalidateAll();
        ForgetWindows();
        TranslationControlsChanged();
        _counter.ControlChanged(Slot(SystemSlot.Cntkctl));
        StepControlChanged();
        FloatControlWritten();
        _pmu.Reset();
    }

    public void Dispose()
    {
        if (!_callers.Close())
            return;
        _pmu.Dispose();
        _memory.RemoveObserver(this);
        _memory.RemoveTracker(_executor.Tracker);
        _shootdowns.Dispose();
        _executor.Dispose();
        _contextMemory.Dispose();
    }
}
