using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>LDXR, STXR, LDXP, STXP and their acquiring and releasing forms.</summary>
internal static class LoadStoreExclusive
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        bool pair = i.Bit(21);
        bool ordered = i.Bit(15);
        int size = 1 << i.AccessSize;
        IrValue address = b.ReadXOrSp(i.Rn);
        if (i.Bit(22))
        {
            MemoryFlags flags = ordered ? MemoryFlags.Acquire : MemoryFlags.None;
            IrType type = pair ? RegisterPair.TypeOf(size) : size == 8 ? IrType.I64 : IrType.I32;
            IrValue loaded = b.Emit(IrOp.LoadExclusive, type, address, size: pair ? size * 2 : size, aux: (int)flags);
            if (pair)
                RegisterPair.Split(b, size, loaded, i.Rt, i.Rt2);
            else
                b.WriteGpr(i.Rt, loaded);
            return true;
        }

        IrValue value = pair ? RegisterPair.Join(b, size, i.Rt, i.Rt2) : LoadStoreSingle.ReadSource(b, i.Rt, size);
        MemoryFlags storeFlags = ordered ? MemoryFlags.Release : MemoryFlags.None;
        IrValue status = b.Emit(IrOp.StoreExclusive, IrType.I32, address, value, size: pair ? size * 2 : size, aux: (int)storeFlags);
        b.WriteGpr(i.Rs, status);
        return true;
    }
}
