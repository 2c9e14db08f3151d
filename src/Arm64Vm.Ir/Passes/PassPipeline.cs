namespace Arm64Vm.Ir.Passes;

/// <summary>The passes in their order. One instance per translating thread; reused, allocates nothing.</summary>
internal sealed class PassPipeline
{
    private readonly Simplification simplification = new();
    private readonly DeadCodeElimination elimination = new();

    /// <summary>Optimizes every block of <paramref name="region"/> in place.</summary>
    /// <param name="region">A verified region.</param>
    /// <param name="flagsDeadAtEnd">Bit n: NZCV is not observable behind block n (see DeadCodeElimination).</param>
    public void Run(IrRegion region, ulong flagsDeadAtEnd)
    {
        simplification.Run(region);
        elimination.Run(region, flagsDeadAtEnd);
    }
}
