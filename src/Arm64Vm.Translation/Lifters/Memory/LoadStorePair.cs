using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>LDP, STP, LDPSW, LDNP, STNP of general registers; STGP without its tag.</summary>
internal static class LoadStorePair
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        bool signed = i.AccessSize == 1;
        int size = i.AccessSize == 2 ? 8 : 4;
        Addressing address = AddressOf(b, i, size);
        if (i.Bit(22))
        {
            IrType type = size == 8 || signed ? IrType.I64 : IrType.I32;
            MemoryFlags flags = signed ? MemoryFlags.SignExtend : MemoryFlags.None;
            (IrValue first, IrValue second) = b.LoadPair(type, size, address.Address, address.Displacement, flags);
            b.WriteGpr(i.Rt, first);
            b.WriteGpr(i.Rt2, second);
        }
        else
        {
            Store(b, i, size, address);
        }

        address.WriteBack(b);
        return true;
    }

    /// <summary>STGP where tag access is disabled: a pair of 64-bit stores with an offset scaled by 16. The other tag instructions are UNDEFINED.</summary>
    public static bool LiftTagged(in LiftContext context, A64Instruction i)
    {
        if (i.Opcode != A64Opcode.Stgp)
            return false;
        IrBuilder b = context.Builder;
        Addressing address = AddressOf(b, i, 16);
        Store(b, i, 8, address);
        address.WriteBack(b);
        return true;
    }

    /// <summary>Bits 24:23: 1 = post-indexed, 3 = pre-indexed, else offset (2) or non-temporal (0).</summary>
    public static Addressing AddressOf(IrBuilder b, A64Instruction i, int scale)
    {
        long offset = (long)i.Imm7 * scale;
        return i.Bits(24, 23) switch
        {
            1 => Addressing.PostIndexed(b, i.Rn, offset),
            3 => Addressing.PreIndexed(b, i.Rn, offset),
            _ => Addressing.Offset(b, i.Rn, offset),
        };
    }

    private static void Store(IrBuilder b, A64Instruction i, int size, in Addressing address)
    {
        IrValue first = LoadStoreSingle.ReadSource(b, i.Rt, size);
        IrValue second = LoadStoreSingle.ReadSource(b, i.Rt2, size);
        b.StorePair(size, address.Address, first, second, address.Displacement);
    }
}
