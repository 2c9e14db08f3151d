using Arm64Vm.Ir.Passes;

namespace Arm64Vm.Ir.Tests.Passes;

/// <summary>Builds one block, verifies it, runs the passes, verifies again and prints what is left.</summary>
internal static class PassHarness
{
    public static string Optimize(Action<IrBuilder> build, bool flagsDeadAtEnd = false)
    {
        var region = new IrRegion();
        Build(region, build);
        new PassPipeline().Run(region, flagsDeadAtEnd ? 1u : 0u);
        IrVerifier.Verify(region);
        return IrPrinter.Print(region).Replace("\r", "", StringComparison.Ordinal);
    }

    public static void Build(IrRegion region, Action<IrBuilder> build)
    {
        region.Clear();
        var builder = new IrBuilder(region);
        builder.BeginBlock(0);
        builder.BeginInstruction(0);
        build(builder);
        if (!builder.IsTerminated)
            builder.Jump(4);
        builder.EndBlock();
        IrVerifier.Verify(region);
    }

    /// <summary>Asserts the instructions of the block without its terminator.</summary>
    public static void AssertBody(string printed, params string[] expected)
    {
        string[] lines = printed.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Equal(expected, lines[1..^1]);
    }
}
