using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Stack pointer alignment checking (Arm ARM D1.3.8.2): which instructions it concerns.</summary>
/// <remarks>
/// The check belongs to loads and stores with SP as their base. Code is translated for an SP that is known to be aligned, so that these
/// need no check; the few instructions after which that is not certain look at SP instead.
/// </remarks>
internal static class StackPointerUse
{
    private const int StackPointer = 31;
    private const ulong AlignmentMask = 15;

    /// <summary>A load or store whose base register is SP. Prefetches are not checked.</summary>
    public static bool IsBase(A64Instruction i, A64Group group)
    {
        if (i.Rn != StackPointer || i.Opcode is A64Opcode.PrfmImmediate or A64Opcode.PrfmRegister or A64Opcode.PrfmUnscaled)
            return false;
        return group
            is A64Group.LoadStoreUnscaled or A64Group.LoadStoreUnprivileged or A64Group.LoadStoreImmediate or A64Group.LoadStoreRegister
            or A64Group.LoadPointerAuthentication or A64Group.LoadStorePair or A64Group.LoadStoreOrdered or A64Group.LoadStoreExclusive
            or A64Group.CompareAndSwap or A64Group.AtomicMemory
            or A64Group.SimdLoadStoreUnscaled or A64Group.SimdLoadStoreImmediate or A64Group.SimdLoadStoreRegister or A64Group.SimdLoadStorePair
            or A64Group.SimdLoadStoreMultiple or A64Group.SimdLoadStoreSingle or A64Group.SimdLoadReplicate
            || i.Opcode == A64Opcode.Stgp;
    }

    /// <summary>The operations from <paramref name="first"/> on write SP, and not by adding a multiple of 16 to it or by clearing its low bits.</summary>
    public static bool MayMisalign(IrRegion region, int first)
    {
        for (int index = region.Count - 1; index >= first; index--)
        {
            ref readonly IrInst write = ref region[index];
            if (write.Op == IrOp.SetX && write.Aux == StackPointer)
                return !KeepsAlignment(region, write.A);
        }

        return false;
    }

    private static bool KeepsAlignment(IrRegion region, int value)
    {
        ref readonly IrInst i = ref region[value];
        if (i.Type != IrType.I64 || i.B == 0 || region[i.B].Op != IrOp.Const)
            return false;
        ulong constant = region[i.B].Imm & AlignmentMask;
        ref readonly IrInst left = ref region[i.A];
        bool ofStackPointer = left.Op == IrOp.GetX && left.Aux == StackPointer;
        return constant == 0 && (i.Op == IrOp.And || (i.Op is IrOp.Add or IrOp.Sub && ofStackPointer));
    }
}
