namespace Arm64Vm.Translation.Il;

/// <summary>When units are compiled, and how much at once. Decision 0012 has the measurements.</summary>
internal sealed record IlOptions
{
    /// <summary>Executions by the interpreter after which a unit is compiled; 0: before the first.</summary>
    public int Threshold { get; init; } = 1000;

    /// <summary>Compile on a thread of its own, while the interpreter goes on.</summary>
    public bool InBackground { get; init; } = true;

    /// <summary>Most blocks of a region, 1 to 64.</summary>
    public int MaxBlocks { get; init; } = 32;

    /// <summary>A region that has so many IR instructions takes in no more blocks.</summary>
    public int MaxInstructions { get; init; } = 1200;

    /// <summary>Everything is compiled before it runs, a block at a time: for tests.</summary>
    public static IlOptions Immediate { get; } = new() { Threshold = 0, InBackground = false };
}
