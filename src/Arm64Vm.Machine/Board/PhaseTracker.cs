using System.Diagnostics;
using Arm64Vm.Cpu;

namespace Arm64Vm.Machine.Board;

/// <summary>Notices the stages of a boot from what the processor does, whatever the guest is.</summary>
/// <remarks>
/// firmware: from power-on, where there is firmware.
/// kernel: without firmware from power-on, else from the first exception vectors (VBAR_EL1) in the upper half of the address space, where
/// kernels live and firmware, which runs with addresses as they are, does not.
/// init: from the first exception return to EL0 after a kernel has set such vectors.
/// shell: from the last output before the guest, with an unfinished line on its console (a prompt), printed nothing for a second and slept.
/// Events come on the threads of all processors, reports from any.
/// </remarks>
internal sealed class PhaseTracker : IExecutionMilestones
{
    private static readonly TimeSpan PromptPatience = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly SerialConsole _console;
    private readonly Stopwatch _time = new();
    private readonly List<(string Name, PhaseCounters At)> _begun = [];
    private Func<PhaseCounters> _read = () => PhaseCounters.Zero;
    private bool _hasKernelVectors;
    private bool _hasInit;
    private bool _hasShell;
    private bool _isLooking;
    private long _seenOutput;
    private PhaseCounters? _prompt;

    public PhaseTracker(SerialConsole console, bool hasFirmware)
    {
        _console = console;
        _begun.Add((hasFirmware ? "firmware" : "kernel", PhaseCounters.Zero));
    }

    /// <summary>The processor is about to run for the first time, or again.</summary>
    public void Start() => _time.Start();

    /// <summary>Says where the counters are; they begin at zero.</summary>
    public void Attach(Func<TimeSpan, PhaseCounters> read) => _read = () => read(_time.Elapsed);

    public void VectorBaseWritten(ulong address)
    {
        if (Volatile.Read(ref _hasKernelVectors) || (long)address >= 0 || Interlocked.Exchange(ref _hasKernelVectors, true))
            return;
        if (_begun[0].Name == "firmware")
            Begin("kernel", _read());
    }

    public void EnteringUser()
    {
        if (Volatile.Read(ref _hasInit) || !_hasKernelVectors || Interlocked.Exchange(ref _hasInit, true))
            return;
        _seenOutput = _console.Length;
        Begin("init", _read());
    }

    public void Waiting()
    {
        // One processor at a time looks; the others need not.
        if (!_hasInit || _hasShell || Interlocked.Exchange(ref _isLooking, true))
            return;
        var output = _console.Length;
        if (output != _seenOutput)
        {
            _seenOutput = output;
            _prompt = _console.IsInLine ? _read() : null;
        }
        else if (_prompt is not null && _time.Elapsed - _prompt.Time >= PromptPatience)
        {
            ConfirmPrompt();
        }

        Volatile.Write(ref _isLooking, false);
    }

    /// <summary>The stages so far.</summary>
    public IReadOnlyList<BootPhase> Report()
    {
        var now = _read();
        if (_prompt is { } prompt && now.Time - prompt.Time >= PromptPatience && _console.Length == _seenOutput)
            ConfirmPrompt();
        lock (_gate)
        {
            var phases = new BootPhase[_begun.Count];
            for (var i = 0; i < phases.Length; i++)
                phases[i] = (i + 1 < phases.Length ? _begun[i + 1].At : now).Since(_begun[i].At, _begun[i].Name);
            return phases;
        }
    }

    private void ConfirmPrompt()
    {
        lock (_gate)
        {
            if (_hasShell || _prompt is null)
                return;
            _hasShell = true;
            _begun.Add(("shell", _prompt));
        }
    }

    private void Begin(string name, PhaseCounters at)
    {
        lock (_gate)
            _begun.Add((name, at));
    }
}
