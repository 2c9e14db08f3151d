using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>LDR, STR, LDUR, STUR, LDP, STP, LDNP, STNP of B, H, S, D and Q registers. Bits above the loaded ones become zero.</summary>
internal static class SimdLoadStore
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        // size (31:30) with opc<1> (23) set and size 0: 128 bits.
        int scale = i.Bit(23) ? 4 : i.AccessSize;
        Addressing address = LoadStoreSingle.AddressOf(b, i, scale);
        if (i.Bit(22))
            b.WriteV(i.Rt, b.Load(IrType.V128, 1 << scale, address.Address, address.Displacement));
        else
            b.Store(1 << scale, address.Address, b.ReadV(i.Rt), address.Displacement);
        address.WriteBack(b);
        return true;
    }

    public static bool LiftLiteral(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        Addressing address = Addressing.Literal(b, context.GuestOffset + i.Imm19Offset);
        b.WriteV(i.Rt, b.Load(IrType.V128, 4 << i.AccessSize, address.Address, address.Displacement));
        return true;
    }

    public static bool LiftPair(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        int size = 4 << i.AccessSize;
        Addressing address = LoadStorePair.AddressOf(b, i, size);
        if (i.Bit(22))
        {
            (IrValue first, IrValue second) = b.LoadPair(IrType.V128, size, address.Address, address.Displacement);
            b.WriteV(i.Rt, first);
            b.WriteV(i.Rt2, second);
        }
        else
        {
            b.StorePair(size, address.Address, b.ReadV(i.Rt), b.ReadV(i.Rt2), address.Displacement);
        }

        address.WriteBack(b);
        return true;
    }
}
