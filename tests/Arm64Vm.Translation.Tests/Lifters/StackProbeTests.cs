using System.Runtime.InteropServices;
using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Tests.Lifters;

/// <summary>Where code for an aligned SP looks at it again.</summary>
public class StackProbeTests
{
    // Linux's kernel_ventry: add sp, sp, x0; sub x0, sp, x0; tbnz x0, #14, +12; sub x0, sp, x0; sub sp, sp, x0; b .
    private static readonly uint[] s_probe = [0x8B20_63FF, 0xCB20_63E0, 0x3770_0060, 0xCB20_63E0, 0xCB20_63FF, 0x1400_0000];

    [Fact]
    public void OverflowTestOfTheKernelsEntryLooksAtTheStackPointerOnlyAtItsEnd()
    {
        Assert.Equal(0, Checks(s_probe, 0));
        Assert.Equal(1, Checks(s_probe, 12));
    }

    /// <summary>The block ends at the test; what makes it right to leave the first check out lies behind it.</summary>
    [Fact]
    public void TheWholeSequenceIsWhatTheTranslationDependsOn()
    {
        Assert.Equal(20, Translate(s_probe, 0).DependencyEnd);
        Assert.Equal(12, Translate([0x9100_0400, 0x9100_0400, 0x1400_0000], 0).DependencyEnd);
    }

    [Theory]
    [InlineData(1, 0xCB21_63E0u)] // sub x0, sp, x1
    [InlineData(2, 0x3770_0061u)] // tbnz x1
    [InlineData(3, 0xF940_03E0u)] // ldr x0, [sp]
    [InlineData(4, 0xF940_03E1u)] // ldr x1, [sp]
    public void AnythingElseLooksAtOnce(int index, uint word)
    {
        uint[] code = [.. s_probe];
        code[index] = word;
        Assert.Equal(1, Checks(code, 0));
    }

    private static int Checks(ReadOnlySpan<uint> code, int offset)
    {
        int checks = 0;
        foreach (IrInst instruction in Translate(code, offset).Instructions)
            checks += instruction.Op == IrOp.CheckStack ? 1 : 0;
        return checks;
    }

    private static unsafe IrRegion Translate(ReadOnlySpan<uint> code, int offset)
    {
        Span<byte> page = new byte[4096];
        MemoryMarshal.AsBytes(code).CopyTo(page);
        var region = new IrRegion();
        fixed (byte* host = page)
        {
            var location = new CodeLocation { Host = host, Mode = LifterHarness.Mode(1).WithStack(aligned: true) };
            new Translator(new TranslatorOptions()).Translate(location, offset, region);
        }

        return region;
    }
}
