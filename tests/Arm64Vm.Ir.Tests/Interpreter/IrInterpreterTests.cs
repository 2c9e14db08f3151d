using System.Runtime.InteropServices;
using Arm64Vm.Ir.Interpreter;

namespace Arm64Vm.Ir.Tests.Interpreter;

public sealed unsafe class IrInterpreterTests : IDisposable
{
    private const ulong Page = 0x4_5000;
    private readonly GuestContext* context;
    private readonly FaultingServices services = new();
    private readonly IrRegion region = new();
    private readonly IrInterpreter interpreter;

    public IrInterpreterTests()
    {
        context = (GuestContext*)NativeMemory.AlignedAlloc(GuestContext.TotalSize, 4096);
        NativeMemory.Clear(context, GuestContext.TotalSize);
        context->PcPage = Page;
        interpreter = new IrInterpreter(services);
    }

    public void Dispose() => NativeMemory.AlignedFree(context);

    [Fact]
    public void LoopStaysInsideTheRegionUntilItsConditionFails()
    {
        context->X[0] = 1000;
        BuildCountdown();

        ExitReason reason = interpreter.Run(region, context);

        Assert.Equal(ExitReason.Lookup, reason);
        Assert.Equal(Page + 0x20, context->Pc);
        Assert.Equal(0u, context->X[0]);
    }

    [Fact]
    public void PollEndsALoopAtItsBackEdge()
    {
        context->X[0] = 1000;
        context->Poll = (uint)PollReasons.Interrupt;
        BuildCountdown();

        ExitReason reason = interpreter.Run(region, context);

        Assert.Equal(ExitReason.Poll, reason);
        Assert.Equal(Page + 0x10, context->Pc);
        Assert.Equal(999u, context->X[0]);
    }

    [Fact]
    public void FaultLeavesTheStateOfTheInstructionsBefore()
    {
        context->X[1] = 7;
        PassBuild(b =>
        {
            b.BeginInstruction(0x10);
            b.WriteGpr(2, b.ReadX(1));
            b.BeginInstruction(0x14);
            IrValue loaded = b.Load(IrType.I64, 8, b.ReadX(1), 1);
            b.WriteGpr(3, loaded);
            b.Jump(0x18);
        });

        ExitReason reason = interpreter.Run(region, context);

        Assert.Equal(ExitReason.Lookup, reason);
        Assert.Equal(FaultingServices.Handler, context->Pc);
        Assert.Equal(7u, context->X[2]);
        Assert.Equal(0u, context->X[3]);
        Assert.Equal(8u, services.Address);
        Assert.Equal(0x14, services.PageOffset);
    }

    [Fact]
    public void ExitsReportPcPayloadAndValue()
    {
        context->X[5] = 0xABCD;
        PassBuild(b =>
        {
            b.BeginInstruction(0x30);
            b.ExitAfter(ExitReason.WaitForEvent, 9, b.ReadX(5));
        });

        Assert.Equal(ExitReason.WaitForEvent, interpreter.Run(region, context));
        Assert.Equal(Page + 0x34, context->Pc);
        Assert.Equal(9u, context->Exit.Payload);
        Assert.Equal(0xABCDu, context->Exit.Address);
    }

    [Fact]
    public void IndirectBranchGoesToItsAddressAndPolls()
    {
        context->X[30] = 0x1_2344;
        PassBuild(b => b.Emit(IrOp.Return, IrType.Void, b.ReadX(30)));

        Assert.Equal(ExitReason.Lookup, interpreter.Run(region, context));
        Assert.Equal(0x1_2344u, context->Pc);
        context->Poll = 1;
        Assert.Equal(ExitReason.Poll, interpreter.Run(region, context));
    }

    private void BuildCountdown()
    {
        PassBuild(b =>
        {
            b.BeginInstruction(0x10);
            IrValue result = b.Binary(IrOp.SubS, IrType.I64, b.ReadX(0), b.Const64(1));
            IrValue flags = b.FlagsOf(result);
            b.WriteGpr(0, result);
            b.WriteFlags(flags);
            b.Emit(IrOp.BranchCond, IrType.Void, flags, aux: (int)Condition.NE, imm: IrBuilder.Targets(0x10, 0x20));
        });
    }

    private void PassBuild(Action<IrBuilder> build)
    {
        region.Clear();
        var builder = new IrBuilder(region);
        builder.BeginBlock(0x10);
        build(builder);
        builder.EndBlock();
        IrVerifier.Verify(region);
    }
}
