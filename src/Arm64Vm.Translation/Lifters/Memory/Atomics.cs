using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>The Large System Extensions: LD&lt;op&gt;, SWP, CAS, CASP. All are done with acquire and release.</summary>
internal static class Atomics
{
    public static bool LiftReadModifyWrite(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        int size = 1 << i.AccessSize;
        AtomicOperation operation = i.Bit(15) ? AtomicOperation.Swap : (AtomicOperation)i.Bits(14, 12);
        IrValue operand = LoadStoreSingle.ReadSource(b, i.Rs, size);
        IrType type = size == 8 ? IrType.I64 : IrType.I32;
        b.WriteGpr(i.Rt, b.Emit(IrOp.AtomicRmw, type, b.ReadXOrSp(i.Rn), operand, size: size, imm: (ulong)operation));
        return true;
    }

    public static bool LiftCompareAndSwap(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        if (i.Opcode == A64Opcode.Casp)
        {
            int half = i.Bit(30) ? 8 : 4;
            IrValue expectedPair = RegisterPair.Join(b, half, i.Rs, i.Rs + 1);
            IrValue newPair = RegisterPair.Join(b, half, i.Rt, i.Rt + 1);
            IrValue oldPair = b.Emit(IrOp.CompareSwap, RegisterPair.TypeOf(half), b.ReadXOrSp(i.Rn), expectedPair, newPair, size: half * 2);
            RegisterPair.Split(b, half, oldPair, i.Rs, i.Rs + 1);
            return true;
        }

        int size = 1 << i.AccessSize;
        IrType type = size == 8 ? IrType.I64 : IrType.I32;
        IrValue expected = LoadStoreSingle.ReadSource(b, i.Rs, size);
        IrValue replacement = LoadStoreSingle.ReadSource(b, i.Rt, size);
        b.WriteGpr(i.Rs, b.Emit(IrOp.CompareSwap, type, b.ReadXOrSp(i.Rn), expected, replacement, size: size));
        return true;
    }
}
