namespace Arm64Vm.Ir.Interpreter;

internal static partial class VectorOperations
{
    private static Bits128 Bitwise(in IrInst i, in Operands o)
    {
        Bits128 a = o.A, b = o.B, c = o.C;
        Bits128 result = i.Op switch
        {
            IrOp.VectorConst => new Bits128(i.Imm, i.Imm),
            IrOp.VectorClearAbove => a,
            IrOp.VectorAnd => new Bits128(a.Lo & b.Lo, a.Hi & b.Hi),
            IrOp.VectorOr => new Bits128(a.Lo | b.Lo, a.Hi | b.Hi),
            IrOp.VectorXor => new Bits128(a.Lo ^ b.Lo, a.Hi ^ b.Hi),
            IrOp.VectorAndNot => new Bits128(a.Lo & ~b.Lo, a.Hi & ~b.Hi),
            IrOp.VectorOrNot => new Bits128(a.Lo | ~b.Lo, a.Hi | ~b.Hi),
            IrOp.VectorNot => new Bits128(~a.Lo, ~a.Hi),
            IrOp.VectorBitSelect => new Bits128((b.Lo & a.Lo) | (c.Lo & ~a.Lo), (b.Hi & a.Hi) | (c.Hi & ~a.Hi)),
            _ => throw new InvalidOperationException($"{i.Op} is not bitwise"),
        };
        return ClearAbove(result, i.Shape, i.Size);
    }
}
