namespace Arm64Vm.Ir.Passes;

/// <summary>The passes in their order. One instance per translating thread; reused, allocates nothing.</summary>
internal sealed class PassPipeline
{
    private readonly Simplification simplification = new();
    private readonly DeadCodeElimination elimination = new();

    /// <summary>Optimizes every block of <paramref name="region"/> in place.</summary>
    /// <param name="region">A verified region.</param>
    /// <param name="flagsDeadAtEnd">Bit n: NZCV is not observable behind block n (see DeadCodeElimination).</param>
    /// <param name="floatsLeave">Floating-point operations see guest state, since they may leave.</param>
    /// <param name="accessesStoreFlags">Slow paths of plain accesses store flags that they get as operand D.</param>
    public void Run(IrRegion region, ulong flagsDeadAtEnd, bool floatsLeave = false, bool accessesStoreFlags = false)
    {
        simplification.Run(region);
        elimination.Run(region, flagsDeadAtEnd, floatsLeave, accessesStoreFlags);
    }
}
