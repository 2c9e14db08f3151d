using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Memory copy and set: nothing where nothing is left, else the service, which has the host move pages.</summary>
internal sealed partial class X64Compiler
{
    /// <summary>Slot 0 has the count and then the result, slots 1 to 3 destination, source and NZCV.</summary>
    private void EmitMemoryCopySet(in IrInst inst)
    {
        ClobberFlags();
        StoreOperand(0, inst.C);
        StoreOperand(1, inst.A);
        StoreOperand(2, inst.B);
        StoreOperand(3, inst.D);
        Label done = emit.NewLabel();
        emit.Alu(AluOp.Cmp, 8, HostAbi.Operand(0), 0);
        emit.Jcc(Cc.E, done);
        CallSlow(SlowKind.MemoryCopySet, inst, index: (uint)inst.Imm);
        emit.Bind(done);
        emit.Mov(8, Define(current), HostAbi.Operand(0));
    }
}
