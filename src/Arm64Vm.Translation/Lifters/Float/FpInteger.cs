using Arm64Vm.Ir;
using Arm64Vm.Ir.SoftFloat;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>Between general registers and scalars: SCVTF, UCVTF, FCVT to integers and fixed point, FMOV (general), FJCVTZS.</summary>
internal static class FpInteger
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        int fixedPoint = 64 - i.Imm6;
        switch (i.Opcode)
        {
            case A64Opcode.ScvtfGeneral:
                return FromInteger(context, i, unsigned: false, 0);
            case A64Opcode.UcvtfGeneral:
                return FromInteger(context, i, unsigned: true, 0);
            case A64Opcode.ScvtfScalarFixed:
                return FromInteger(context, i, unsigned: false, fixedPoint);
            case A64Opcode.UcvtfScalarFixed:
                return FromInteger(context, i, unsigned: true, fixedPoint);
            case A64Opcode.FcvtzsScalarFixed:
                return ToInteger(context, i, unsigned: false, FpRounding.Zero, fixedPoint);
            case A64Opcode.FcvtzuScalarFixed:
                return ToInteger(context, i, unsigned: true, FpRounding.Zero, fixedPoint);
            case A64Opcode.FmovGeneral:
                return Move(context, i);
            case A64Opcode.Fjcvtzs:
                return JavaScript(context, i);
            default:
                return ToInteger(context, i, unsigned: i.Bit(16), Rounding(i.Opcode), 0);
        }
    }

    private static FpRounding Rounding(A64Opcode opcode) => opcode switch
    {
        A64Opcode.FcvtnsGeneral or A64Opcode.FcvtnuGeneral => FpRounding.TieEven,
        A64Opcode.FcvtpsGeneral or A64Opcode.FcvtpuGeneral => FpRounding.PlusInfinity,
        A64Opcode.FcvtmsGeneral or A64Opcode.FcvtmuGeneral => FpRounding.MinusInfinity,
        A64Opcode.FcvtasGeneral or A64Opcode.FcvtauGeneral => FpRounding.TieAway,
        _ => FpRounding.Zero,
    };

    private static bool ToInteger(in LiftContext context, A64Instruction i, bool unsigned, FpRounding rounding, int fractionBits)
    {
        IrBuilder b = context.Builder;
        IrType type = FloatOperand.GeneralType(i);
        IrValue n = FloatOperand.Rn(context, i);
        b.WriteGpr(i.Rd, b.FloatToFixed(type, FloatOperand.ScalarSize(i), n, unsigned, (int)rounding, fractionBits));
        return true;
    }

    private static bool FromInteger(in LiftContext context, A64Instruction i, bool unsigned, int fractionBits)
    {
        IrBuilder b = context.Builder;
        IrType type = FloatOperand.GeneralType(i);
        IrValue n = b.ReadGpr(type, i.Rn);
        return FloatOperand.Write(context, i, b.FloatFromFixed(type, FloatOperand.ScalarSize(i), n, unsigned, fractionBits));
    }

    /// <summary>ftype 2 is the upper half of a 128-bit register, which keeps its lower half when written.</summary>
    private static bool Move(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        IrType type = FloatOperand.GeneralType(i);
        bool upper = i.FType == 2;
        int size = upper ? 8 : FloatOperand.ScalarSize(i);
        if (!i.Bit(16))
        {
            b.WriteGpr(i.Rd, b.VectorExtractElement(type, size, FloatOperand.Rn(context, i), upper ? 1 : 0));
            return true;
        }

        IrValue n = b.ReadGpr(type, i.Rn);
        return FloatOperand.Write(
            context,
            i,
            upper ? b.VectorInsertElement(8, FloatOperand.Rd(context, i), 1, n) : b.VectorBroadcast(VectorShape.Scalar, size, n));
    }

    private static bool JavaScript(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        IrValue n = FloatOperand.Rn(context, i);
        IrValue value = b.Emit(IrOp.FloatToFixedJavaScript, IrType.I32, n, size: 8, shape: VectorShape.Scalar);
        IrValue flags = b.Emit(IrOp.FloatJavaScriptFlags, IrType.Flags, n, size: 8, shape: VectorShape.Scalar);
        b.WriteGpr(i.Rd, value);
        b.WriteFlags(flags);
        return true;
    }
}
