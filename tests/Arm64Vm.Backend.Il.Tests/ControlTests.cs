using Arm64Vm.Ir;

namespace Arm64Vm.Backend.Il.Tests;

/// <summary>How compiled regions leave and go on.</summary>
// SAFETY: the harness owns the context and outlives its use.
public sealed unsafe class ControlTests : IDisposable
{
    private readonly RegionHarness harness = new();
    private readonly IrRegion region = new();

    public void Dispose() => harness.Dispose();

    [Fact]
    public void AnEmptySlotLeavesForALink()
    {
        CompileJump(0x100);
        harness.Compiled->PcPage = 0x8000;

        Assert.Null(harness.Unit.Code!(harness.Compiled));
        Assert.Equal(IlExit.Link, harness.Compiled->Exit.Reason);
        Assert.Equal(0x8100u, harness.Compiled->Pc);
        Assert.Equal([0x100], harness.Unit.Jumps);
    }

    [Fact]
    public void AFilledSlotIsTheNextUnit()
    {
        CompileJump(0x100);
        IlUnit next = new(harness.Unit.Host);
        harness.Unit.Targets[0] = next;
        Assert.Same(next, harness.Unit.Code!(harness.Compiled));
    }

    /// <summary>A jump to another page holds for the mapping it was linked under, and moves the page on.</summary>
    [Fact]
    public void ASlotForAnotherPageIsGuarded()
    {
        CompileJump(0x1100);
        IlUnit next = new(harness.Unit.Host);
        harness.Unit.Targets[0] = next;
        harness.Unit.Guards[0] = 0x8000 | 7 << 2;
        harness.Compiled->PcPage = 0x8000;
        harness.Compiled->ContextTag = 6 << 2;
        Assert.Null(harness.Unit.Code!(harness.Compiled));
        Assert.Equal(IlExit.Link, harness.Compiled->Exit.Reason);
        Assert.Equal(0x9100u, harness.Compiled->Pc);

        harness.Compiled->ContextTag = 7 << 2;
        Assert.Same(next, harness.Unit.Code!(harness.Compiled));
        Assert.Equal(0x9000u, harness.Compiled->PcPage);
    }

    [Fact]
    public void AnIndirectJumpAsksTheCache()
    {
        IrBuilder b = Begin();
        b.Emit(IrOp.JumpRegister, IrType.Void, b.Emit(IrOp.GetX, IrType.I64, aux: 0), aux: 1);
        End(b);
        harness.Compiled->X[0] = 0x1234;
        harness.Compiled->ContextTag = 3UL << 2;
        Assert.Null(harness.Unit.Code!(harness.Compiled));
        Assert.Equal(IlExit.Indirect, harness.Compiled->Exit.Reason);
        Assert.Equal(1u, harness.Compiled->BranchType);
        Assert.Equal(0x1234u, harness.Compiled->Pc);

        IlUnit next = new(harness.Unit.Host);
        harness.Unit.Host.Jumps.Add(0x1234, 0, 3UL << 2, next);
        Assert.Null(harness.Unit.Code!(harness.Compiled));
        int slot = harness.Unit.Host.Jumps.Add(0x1234, 1, 3UL << 2, next);
        Assert.Same(next, harness.Unit.Code!(harness.Compiled));
        Assert.Equal(0x1000u, harness.Compiled->PcPage);

        harness.Compiled->Poll = 1;
        Assert.Null(harness.Unit.Code!(harness.Compiled));
        harness.Compiled->Poll = 0;
        harness.Unit.Host.Jumps.Remove(slot, next);
        Assert.Null(harness.Unit.Code!(harness.Compiled));
    }

    /// <summary>Registers stay in locals around the loop, and the context has them at the exit.</summary>
    [Fact]
    public void ALoopRunsInsideItsRegion()
    {
        IrBuilder b = Begin();
        IrValue count = b.Emit(IrOp.SubS, IrType.I64, b.Emit(IrOp.GetX, IrType.I64, aux: 0), b.Emit(IrOp.Const, IrType.I64, imm: 1));
        IrValue flags = b.Emit(IrOp.FlagsOf, IrType.Flags, count);
        b.Emit(IrOp.SetX, IrType.Void, count, aux: 0);
        IrValue sum = b.Emit(IrOp.Add, IrType.I64, b.Emit(IrOp.GetX, IrType.I64, aux: 1), count);
        b.Emit(IrOp.SetX, IrType.Void, sum, aux: 1);
        b.Emit(IrOp.BranchCond, IrType.Void, flags, aux: (int)Condition.NE, imm: IrBuilder.Targets(0, 8));
        b.EndBlock();
        b.BeginBlock(8);
        b.BeginInstruction(8);
        b.Exit(ExitReason.SupervisorCall, 7);
        End(b);
        harness.Compiled->X[0] = 1000;
        harness.Compiled->PcPage = 0x5000;

        Assert.Null(harness.Unit.Code!(harness.Compiled));
        Assert.Equal((uint)ExitReason.SupervisorCall, harness.Compiled->Exit.Reason);
        Assert.Equal(7u, harness.Compiled->Exit.Payload);
        Assert.Equal(0x5008u, harness.Compiled->Pc);
        Assert.Equal(499_500u, harness.Compiled->X[1]);
        Assert.Equal(0u, harness.Compiled->X[0]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ALoopLeavesForAPollAndWhenItsCodeChanged(bool polled)
    {
        CompileJump(0);
        harness.Compiled->Poll = polled ? 1u : 0;
        harness.Unit.Stale = polled ? 0u : 1;
        harness.Compiled->PcPage = 0x5000;
        Assert.Null(harness.Unit.Code!(harness.Compiled));
        Assert.Equal((uint)ExitReason.Poll, harness.Compiled->Exit.Reason);
        Assert.Equal(0x5000u, harness.Compiled->Pc);
    }

    /// <summary>An access that faults leaves what came before it written, and nothing after it.</summary>
    [Fact]
    public void StateIsExactAtAFault()
    {
        IrBuilder b = Begin();
        b.Emit(IrOp.SetX, IrType.Void, b.Emit(IrOp.Const, IrType.I64, imm: 5), aux: 1);
        IrValue loaded = b.Load(IrType.I64, 8, b.Emit(IrOp.GetX, IrType.I64, aux: 0));
        b.Emit(IrOp.SetX, IrType.Void, loaded, aux: 1);
        b.Exit(ExitReason.Breakpoint);
        End(b);

        Assert.Null(harness.Unit.Code!(harness.Compiled));
        Assert.Equal(IlExit.Raised, harness.Compiled->Exit.Reason);
        Assert.Equal(5u, harness.Compiled->X[1]);
    }

    /// <summary>The inline TLB serves accesses on a page, up to its last byte.</summary>
    [Theory]
    [InlineData(0xFF8, true)]
    [InlineData(0xFF9, false)]
    [InlineData(0, true)]
    [InlineData(-1, false)]
    public void LoadsGoThroughTheTlb(int offset, bool isInside)
    {
        IrBuilder b = Begin();
        b.Emit(IrOp.SetX, IrType.Void, b.Load(IrType.I64, 8, b.Emit(IrOp.GetX, IrType.I64, aux: 0)), aux: 1);
        b.Exit(ExitReason.Breakpoint);
        End(b);
        byte[] page = GC.AllocateArray<byte>(8192, pinned: true);
        page.AsSpan().Fill(0x5A);
        const ulong Address = 0x77_0000;
        ulong* entry = (ulong*)((byte*)harness.Compiled + GuestContext.TlbTable(0, write: false)) + (2 * ((Address >> 12) & (GuestContext.TlbEntries - 1)));
        fixed (byte* host = page)
        {
            entry[0] = Address;
            entry[1] = (ulong)host;
            harness.Compiled->X[0] = Address + (ulong)(long)offset;
            harness.Unit.Code!(harness.Compiled);
        }

        Assert.Equal(isInside ? (uint)ExitReason.Breakpoint : IlExit.Raised, harness.Compiled->Exit.Reason);
        Assert.Equal(isInside ? 0x5A5A_5A5A_5A5A_5A5AUL : 0UL, harness.Compiled->X[1]);
    }

    private void CompileJump(int target)
    {
        IrBuilder b = Begin();
        b.Jump(target);
        End(b);
    }

    private IrBuilder Begin()
    {
        region.Clear();
        IrBuilder b = new(region);
        b.BeginBlock(0);
        b.BeginInstruction(0);
        return b;
    }

    private void End(IrBuilder b)
    {
        b.EndBlock();
        harness.Compile(region, RegionHarness.Mode());
    }
}
