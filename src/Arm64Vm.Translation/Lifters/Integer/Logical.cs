using System.Numerics;
using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>AND, ORR, EOR, their negated and flag-setting forms: immediate and shifted register.</summary>
internal static class Logical
{
    public static bool LiftImmediate(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        IrType type = RegisterOperand.TypeOf(i);
        IrValue mask = b.Const(type, DecodeBitMask(i.N, i.ImmS, i.ImmR));
        switch (i.Opcode)
        {
            case A64Opcode.AndsImmediate:
                RegisterOperand.WriteWithFlags(b, i.Rd, b.Binary(IrOp.AndS, type, b.ReadGpr(type, i.Rn), mask));
                return true;
            case A64Opcode.AndImmediate:
                b.WriteGprOrSp(i.Rd, b.And(type, b.ReadGpr(type, i.Rn), mask));
                return true;
            case A64Opcode.OrrImmediate:
                b.WriteGprOrSp(i.Rd, i.Rn == 31 ? mask : b.Or(type, b.ReadGpr(type, i.Rn), mask));
                return true;
            default:
                b.WriteGprOrSp(i.Rd, b.Xor(type, b.ReadGpr(type, i.Rn), mask));
                return true;
        }
    }

    public static bool LiftShifted(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        IrType type = RegisterOperand.TypeOf(i);
        IrValue right = RegisterOperand.Shifted(b, type, i);
        if (i.Opcode is A64Opcode.OrrShifted or A64Opcode.OrnShifted && i.Rn == 31)
        {
            b.WriteGpr(i.Rd, i.Opcode == A64Opcode.OrrShifted ? right : b.Not(type, right));
            return true;
        }

        IrValue left = b.ReadGpr(type, i.Rn);
        switch (i.Opcode)
        {
            case A64Opcode.AndsShifted:
                RegisterOperand.WriteWithFlags(b, i.Rd, b.Binary(IrOp.AndS, type, left, right));
                return true;
            case A64Opcode.BicsShifted:
                RegisterOperand.WriteWithFlags(b, i.Rd, b.Binary(IrOp.AndNotS, type, left, right));
                return true;
        }

        b.WriteGpr(i.Rd, i.Opcode switch
        {
            A64Opcode.AndShifted => b.And(type, left, right),
            A64Opcode.BicShifted => b.Binary(IrOp.AndNot, type, left, right),
            A64Opcode.OrrShifted => b.Or(type, left, right),
            A64Opcode.OrnShifted => b.Or(type, left, b.Not(type, right)),
            A64Opcode.EorShifted => b.Xor(type, left, right),
            _ => b.Xor(type, left, b.Not(type, right)),
        });
        return true;
    }

    /// <summary>DecodeBitMasks() of the Arm ARM for allocated encodings: a run of ones, rotated, repeated over 64 bits.</summary>
    public static ulong DecodeBitMask(int n, int imms, int immr)
    {
        int length = BitOperations.Log2((uint)((n << 6) | (~imms & 63)));
        int size = 1 << length;
        int ones = (imms & (size - 1)) + 1;
        int rotation = immr & (size - 1);
        ulong element = ulong.MaxValue >> (64 - ones);
        ulong sizeMask = ulong.MaxValue >> (64 - size);
        if (rotation != 0)
            element = ((element >> rotation) | (element << (size - rotation))) & sizeMask;
        for (; size < 64; size *= 2)
            element |= element << size;
        return element;
    }
}
