using Arm64Vm.Ir.SoftFloat;

namespace Arm64Vm.Ir.Interpreter;

/// <summary>Floating-point operations, as said at each <see cref="IrOp"/>: lanes taken apart here, arithmetic in SoftFloat.</summary>
internal static partial class FloatOperations
{
    public static Bits128 Evaluate(in IrInst instruction, in Operands operands, ref FpEnvironment fp)
    {
        switch (instruction.Op)
        {
            case IrOp.FloatDotBf16 or IrOp.FloatMatrixMulBf16:
                return SumsOfBf16Products(instruction, operands);
            case IrOp.FloatMulAddLongFp8:
                return MulAddLongFp8(instruction, operands);
            case IrOp.FloatMulAddLong or IrOp.FloatMulSubLong:
                return MulAddLong(instruction, operands, ref fp);
            case IrOp.FloatToFixedSigned or IrOp.FloatToFixedUnsigned:
                return ToFixed(instruction, operands.A, ref fp);
            case IrOp.FloatFromFixedSigned or IrOp.FloatFromFixedUnsigned:
                return FromFixed(instruction, operands.A, ref fp);
            case IrOp.FloatToFixedJavaScript:
                return new Bits128(Fp.ToFixedJS(operands.A.Lo, fp.Fpcr, ref fp.Fpsr, out _), 0);
            case IrOp.FloatJavaScriptFlags:
                uint ignored = 0;
                _ = Fp.ToFixedJS(operands.A.Lo, fp.Fpcr, ref ignored, out uint nzcv);
                return Flags(nzcv);
            case IrOp.FloatConvert or IrOp.FloatWiden or IrOp.FloatNarrow or IrOp.FloatNarrowOdd or IrOp.FloatNarrowBf16:
                return Convert(instruction, operands.A, ref fp);
            case IrOp.FloatCompare:
                return Flags(Compare(instruction, operands, instruction.Aux != 0, ref fp));
            case IrOp.FloatCondCompare:
                return GuestFlags.Holds(instruction.Condition, (uint)operands.C.Lo)
                    ? Flags(Compare(instruction, operands, (instruction.Aux & IrBuilder.SignalNaNs) != 0, ref fp))
                    : Flags((uint)instruction.Imm & 15);
            default:
                return EachLane(instruction, operands, ref fp);
        }
    }

    private static Bits128 EachLane(in IrInst i, in Operands o, ref FpEnvironment fp)
    {
        Bits128 result = default;
        int lanes = Lanes(i.Shape, i.Size);
        for (int lane = 0; lane < lanes; lane++)
        {
            ulong a = o.A.Element(i.Size, lane), b = o.B.Element(i.Size, lane), c = o.C.Element(i.Size, lane);
            ulong value = i.Op switch
            {
                <= IrOp.FloatCompareAbsGreater => Binary(i.Op, i.Size * 8, a, b, ref fp),
                <= IrOp.FloatNegMulSub => MulAdd(i.Op, i.Size * 8, a, b, c, ref fp),
                _ => Unary(i, i.Size * 8, a, ref fp),
            };
            result.SetElement(i.Size, lane, value);
        }

        return result;
    }

    private static Bits128 Flags(uint nzcv) => new(GuestFlags.FromImmediate(nzcv), 0);

    private static uint Compare(in IrInst i, in Operands o, bool signalNaNs, ref FpEnvironment fp) =>
        Fp.Compare(i.Size * 8, o.A.Element(i.Size, 0), o.B.Element(i.Size, 0), signalNaNs, fp.Fpcr, ref fp.Fpsr);

    /// <summary>Number of live lanes.</summary>
    private static int Lanes(VectorShape shape, int size) => shape switch
    {
        VectorShape.Q => 16 / size,
        VectorShape.D => 8 / size,
        _ => 1,
    };

    private static FpRounding Rounding(int aux, uint fpcr)
    {
        int mode = aux & 7;
        return mode == IrBuilder.RoundingOfFpcr ? Fp.RoundingMode(fpcr) : (FpRounding)mode;
    }
}
