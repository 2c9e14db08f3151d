namespace Arm64Vm.Translation;

/// <summary>How instructions are translated.</summary>
internal sealed record TranslatorOptions
{
    /// <summary>What machines take for <see cref="MaxSideExits"/>: a unit spans what is usually executed together.</summary>
    public const int MachineSideExits = 3;

    /// <summary>What machines take for <see cref="MaxRounds"/> with emitted code: accesses of several rounds share a look-up, flags between rounds are not stored.</summary>
    public const int MachineRounds = 4;

    /// <summary>Instructions the guest may use; the rest is UNDEFINED.</summary>
    public FeatureSet Features { get; init; } = FeatureSet.Default;

    /// <summary>Guest instructions in a unit, 1 to 256.</summary>
    public int MaxGuestInstructions { get; init; } = 64;

    /// <summary>Conditional branches behind which a unit goes on with the instructions not branched over, for executors that know side exits. 0: a unit is one basic block.</summary>
    public int MaxSideExits { get; init; }

    /// <summary>Rounds of a short loop in one unit, for executors that know side exits; 1: none but the first.</summary>
    public int MaxRounds { get; init; } = 1;

    /// <summary>Where a debugger stops; null: nowhere, and no mode names a set.</summary>
    public ICodeStops? Stops { get; init; }

    /// <summary>
    /// NZCV is exact behind every unit. Without it flags that what follows overwrites unread are not stored, which depends on the bytes there at the time of
    /// translation: only a debugger could tell.
    /// </summary>
    public bool KeepsFlags { get; init; }

    /// <summary>Floating-point operations may leave the unit, to be done by another executor: guest state is exact before each.</summary>
    public bool FloatsLeave { get; init; }

    /// <summary>Runs the IR passes.</summary>
    public bool Optimize { get; init; } = true;

    /// <summary>Checks the IR before and after the passes; an error is a bug of the translator and throws.</summary>
    public bool Verify { get; init; }
}
