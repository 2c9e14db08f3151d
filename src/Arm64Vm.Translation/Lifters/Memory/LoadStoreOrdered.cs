using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>LDAR, STLR, LDLAR, STLLR, LDAPR, LDAPUR, STLUR in all sizes.</summary>
internal static class LoadStoreOrdered
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        int size = 1 << i.AccessSize;
        switch (i.Opcode)
        {
            case A64Opcode.Stlr or A64Opcode.Stllr:
                b.Store(size, b.ReadXOrSp(i.Rn), LoadStoreSingle.ReadSource(b, i.Rt, size), 0, MemoryFlags.Release);
                return true;
            case A64Opcode.Stlur:
                b.Store(size, b.ReadXOrSp(i.Rn), LoadStoreSingle.ReadSource(b, i.Rt, size), i.Imm9, MemoryFlags.Release);
                return true;
            case A64Opcode.Ldapur:
                LoadStoreSingle.Load(b, i.Rt, size, false, false, Addressing.Offset(b, i.Rn, i.Imm9), MemoryFlags.Acquire);
                return true;
            case A64Opcode.Ldapurs:
                LoadStoreSingle.Load(b, i.Rt, size, true, !i.Bit(22), Addressing.Offset(b, i.Rn, i.Imm9), MemoryFlags.Acquire);
                return true;
            default:
                LoadStoreSingle.Load(b, i.Rt, size, false, false, Addressing.Offset(b, i.Rn, 0), MemoryFlags.Acquire);
                return true;
        }
    }
}
