using Arm64Vm.Cpu.Exceptions;

namespace Arm64Vm.Cpu.Parts;

/// <summary>Software step (Arm ARM D2.12): with MDSCR_EL1.SS one instruction runs per return from exception, then a debug exception is taken.</summary>
/// <remarks>
/// <code>
/// step enabled   PSTATE.SS   state               what a fetch does
/// no             x           inactive            executes freely
/// yes            1           active-not-pending  executes one instruction, then PSTATE.SS := 0
/// yes            0           active-pending      takes the Software Step exception
/// </code>
/// Whether it is enabled is the processor's to say; here is what the instruction under way and the one before have to do with it.
/// </remarks>
internal sealed class SoftwareStep(ProcessorMode mode)
{
    private const uint StepValid = 1u << 24;
    private const uint SteppedExclusive = 1u << 6;

    /// <summary>The instruction being stepped is a load-exclusive.</summary>
    private bool _isExclusive;

    /// <summary>The previous instruction was stepped: the syndrome of a step exception that follows is valid.</summary>
    private bool _hasStepped;

    /// <summary>The instruction fetched last is being stepped.</summary>
    public bool IsUnderWay { get; private set; }

    /// <summary>ISV and EX of a step exception taken now.</summary>
    public uint Syndrome => _hasStepped ? StepValid | (_isExclusive ? SteppedExclusive : 0) : 0;

    /// <summary>An instruction is fetched for good, and stepped.</summary>
    public void Begin(uint word)
    {
        IsUnderWay = true;
        _isExclusive = IsLoadExclusive(word);
    }

    /// <summary>An instruction is fetched that is not stepped, or the one under way is not carried out.</summary>
    public void Cancel() => IsUnderWay = false;

    /// <summary>The instruction that was being stepped completed; nothing where none was, or where it took an exception instead.</summary>
    public void Complete()
    {
        if (!IsUnderWay)
            return;
        IsUnderWay = false;
        _hasStepped = true;
        mode.State.SoftwareStep = false;
    }

    /// <summary>A return from an exception, itself perhaps stepped, with what PSTATE.SS becomes.</summary>
    public void Returned(bool stepsNext)
    {
        mode.State.SoftwareStep = stepsNext;
        _hasStepped = IsUnderWay;
        IsUnderWay = false;
    }

    /// <summary>An exception was taken, or a reset.</summary>
    public void Forget()
    {
        IsUnderWay = false;
        _hasStepped = false;
    }

    /// <summary>PSTATE.SS after a return (DebugExceptionReturnSS): what SPSR_EL1 says only where that makes stepping begin.</summary>
    public static bool AfterReturn(bool enabledAtSource, bool enabledAtTarget, uint spsr) =>
        !enabledAtSource && enabledAtTarget && (spsr & PState.Ss) != 0;

    /// <summary>LDXR, LDXP and their acquiring forms: xx0010000x1…, L set, o2 clear.</summary>
    private static bool IsLoadExclusive(uint word) => (word & 0x3FC0_0000) == 0x0840_0000;
}
