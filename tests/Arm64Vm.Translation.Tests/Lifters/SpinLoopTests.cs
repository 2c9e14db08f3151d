using System.Runtime.InteropServices;
using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Tests.Lifters;

/// <summary>Which loops leave for the run loop after each round, so that the processor that they wait for can run.</summary>
public class SpinLoopTests
{
    private const uint LdaxrX1X0 = 0xC85F_FC01;
    private const uint LdarX1X0 = 0xC8DF_FC01;
    private const uint StxrW2X1X0 = 0xC802_7C01;
    private const uint StrX3X4 = 0xF900_0083;
    private const uint CmpX1X3 = 0xEB03_003F;
    private const uint CbnzX1Back1 = 0xB5FF_FFE1;
    private const uint CbnzX1Back2 = 0xB5FF_FFC1;
    private const uint CbnzW2Back2 = 0x35FF_FFC2;
    private const uint BneBack2 = 0x54FF_FFC1;
    private const uint CbzX1Over1 = 0xB400_0041;
    private const uint BBack2 = 0x17FF_FFFE;
    private const uint Nop = 0xD503_201F;
    private const uint Ret = 0xD65F_03C0;

    [Theory]
    [InlineData(LdaxrX1X0, CbnzX1Back1)]
    [InlineData(LdaxrX1X0, CmpX1X3, BneBack2)]
    [InlineData(LdaxrX1X0, CbzX1Over1, BBack2)]
    public void ALoopThatOnlyLoadsExclusivelyLeavesAfterEachRound(params uint[] code)
    {
        IrInst last = Last(code, 0);
        Assert.Equal((IrOp.Exit, (byte)ExitReason.Yield, 1UL), (last.Op, last.Aux, last.Imm));
        Assert.Equal(0, last.Pc);
    }

    /// <summary>What another processor must do is not all that it waits for, or the wait is not for a lock.</summary>
    [Theory]
    [InlineData(LdaxrX1X0, StxrW2X1X0, CbnzW2Back2)]
    [InlineData(LdaxrX1X0, StrX3X4, CbnzX1Back2)]
    [InlineData(LdarX1X0, CbnzX1Back1)]
    public void ALoopThatStoresOrLoadsPlainlyStaysInItsUnit(params uint[] code) => Assert.NotEqual(IrOp.Exit, Last(code, 0).Op);

    /// <summary>A lock that is free is taken without leaving: the first round belongs to the code before the loop.</summary>
    [Fact]
    public void TheFirstRoundIsPartOfTheCodeBeforeTheLoop() => Assert.NotEqual(IrOp.Exit, Last([Nop, LdaxrX1X0, CbnzX1Back1], 0).Op);

    private static unsafe IrInst Last(ReadOnlySpan<uint> code, int offset)
    {
        Span<byte> page = new byte[4096];
        MemoryMarshal.Cast<byte, uint>(page).Fill(Ret);
        MemoryMarshal.AsBytes(code).CopyTo(page);
        var region = new IrRegion();
        fixed (byte* host = page)
        {
            var location = new CodeLocation { Host = host, Mode = LifterHarness.Mode(1) };
            new Translator(new TranslatorOptions { Verify = true, MaxSideExits = 4, MaxRounds = 4 }).Translate(location, offset, region);
        }

        return region[region.Count - 1];
    }
}
