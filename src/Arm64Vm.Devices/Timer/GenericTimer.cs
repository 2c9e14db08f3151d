using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Timer;

/// <summary>State of one processor's timers.</summary>
/// <param name="PhysicalControl">CNTP_CTL_EL0 without ISTATUS.</param>
/// <param name="PhysicalCompare">CNTP_CVAL_EL0.</param>
/// <param name="VirtualControl">CNTV_CTL_EL0 without ISTATUS.</param>
/// <param name="VirtualCompare">CNTV_CVAL_EL0.</param>
internal sealed record ProcessorTimerState(uint PhysicalControl, ulong PhysicalCompare, uint VirtualControl, ulong VirtualCompare);

/// <summary>What the timers must carry through a snapshot; the count itself belongs to the clock.</summary>
internal sealed record GenericTimerState(ulong Frequency, ProcessorTimerState[] Processors);

/// <summary>The EL1 physical and virtual timers of every processor, and the system counter (Arm ARM D12).</summary>
/// <remarks>
/// Without EL2 the virtual count is the physical one. The counter is the machine's clock, scaled to CNTFRQ_EL0. A processor's timers belong to
/// the thread that runs it; there is no lock.
/// </remarks>
internal sealed class GenericTimer : ISystemRegisterDevice, IProcessorTimers, IStateful<GenericTimerState>, IDisposable
{
    // CRm:op2 under op0 = 3, op1 = 3, CRn = 14.
    private const int Frequency = (0 << 3) | 0;
    private const int PhysicalCount = (0 << 3) | 1;
    private const int VirtualCount = (0 << 3) | 2;

    /// <summary>The same, ordered after what precedes (FEAT_ECV).</summary>
    private const int SynchronizedPhysicalCount = (0 << 3) | 5;
    private const int SynchronizedVirtualCount = (0 << 3) | 6;
    private const int PhysicalTimer = 2;
    private const int VirtualTimer = 3;

    private readonly CountScale _scale;
    private readonly ProcessorTimer[] _processors;
    private ulong _frequencyRegister;

    /// <param name="clock">Time.</param>
    /// <param name="frequency">Counts per second.</param>
    /// <param name="lines">For each processor the inputs for the physical (PPI 30) and virtual (PPI 27) timer.</param>
    public GenericTimer(IVirtualClock clock, ulong frequency, IReadOnlyList<(IInterruptLine Physical, IInterruptLine Virtual)> lines)
    {
        ArgumentOutOfRangeException.ThrowIfZero(frequency);
        _scale = new CountScale(clock, frequency);
        _frequencyRegister = frequency;
        _processors = new ProcessorTimer[lines.Count];
        for (int i = 0; i < lines.Count; i++)
            _processors[i] = new ProcessorTimer(_scale, clock, lines[i].Physical, lines[i].Virtual);
    }

    /// <summary>Says how a processor is told to call <see cref="Update"/>, on its own thread, when the alarm comes; without that the alarm drives the outputs, which is for one thread.</summary>
    public void Connect(int processor, Action attention) => _processors[processor].Attention = attention;

    /// <summary>Takes another alarm for a processor than one of the clock's timers, such as one of the scheduler that runs it.</summary>
    public void UseAlarm(int processor, Func<Action, IVirtualTimer> make) => _processors[processor].UseAlarm(make);

    /// <inheritdoc/>
    public void Update(int processor) => _processors[processor].Update();

    /// <inheritdoc/>
    public ulong? Rest(int processor) => _processors[processor].Rest();

    public bool Owns(SystemRegister register) =>
        register is { Op0: 3, Op1: 3, CRn: 14 }
        && ((register.CRm == 0 && (register.Op2 is 0 or 1 or 2 or 5 or 6)) || (register.CRm is PhysicalTimer or VirtualTimer && register.Op2 <= 2));

    public bool TryReadRegister(int cpu, int el, SystemRegister register, out ulong value)
    {
        switch (register.Encoding & 0x7F)
        {
            case Frequency:
                value = _frequencyRegister;
                return true;
            case PhysicalCount or VirtualCount or SynchronizedPhysicalCount or SynchronizedVirtualCount:
                value = _scale.Count;
                return true;
            default:
                value = _processors[cpu].Read(register.CRm, register.Op2);
                return true;
        }
    }

    public bool TryWriteRegister(int cpu, int el, SystemRegister register, ulong value)
    {
        switch (register.Encoding & 0x7F)
        {
            case Frequency:
                // Only the highest implemented level may write; it does not change the counter.
                if (el == 0)
                    return false;
                _frequencyRegister = (uint)value;
                return true;
            case PhysicalCount or VirtualCount or SynchronizedPhysicalCount or SynchronizedVirtualCount:
                return false;
            default:
                _processors[cpu].Write(register.CRm, register.Op2, value);
                return true;
        }
    }

    /// <inheritdoc/>
    public void ResetProcessor(int cpu) => _processors[cpu].Restore(new ProcessorTimerState(0, 0, 0, 0));

    /// <summary>Copies the state; no processor may be running.</summary>
    public GenericTimerState Save() => new(_frequencyRegister, Array.ConvertAll(_processors, processor => processor.Save()));

    /// <summary>Replaces the state; no processor may be running.</summary>
    /// <exception cref="ArgumentException">The state is of another number of processors.</exception>
    public void Restore(GenericTimerState state)
    {
        if (state.Processors.Length != _processors.Length)
            throw new ArgumentException("The state is of another number of processors.", nameof(state));
        _frequencyRegister = state.Frequency;
        for (int i = 0; i < _processors.Length; i++)
            _processors[i].Restore(state.Processors[i]);
    }

    public void Dispose()
    {
        foreach (ProcessorTimer processor in _processors)
            processor.Dispose();
    }
}
