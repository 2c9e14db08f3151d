namespace Arm64Vm.Ir.Interpreter;

/// <summary>The meaning of every operation without memory or control effects: the oracle that every back end is held to.</summary>
internal static class PureOperations
{
    /// <summary>Evaluates <paramref name="instruction"/>; flags values travel in the form of <see cref="GuestFlags"/>, I32 results are zero-extended.</summary>
    public static Bits128 Evaluate(in IrInst instruction, in Operands operands, ref FpEnvironment fp)
    {
        if (IrOps.IsFloat(instruction.Op))
            return FloatOperations.Evaluate(instruction, operands, ref fp);
        if (IrOps.IsVector(instruction.Op))
            return VectorOperations.Evaluate(instruction, operands, ref fp);
        if (instruction.Op == IrOp.Select && instruction.Type == IrType.V128)
            return GuestFlags.Holds(instruction.Condition, (uint)operands.C.Lo) ? operands.A : operands.B;
        return new Bits128(IntegerOperations.Evaluate(instruction, operands), 0);
    }

    /// <summary>The value of <see cref="IrOp.FlagsOf"/>, given the flag-setting operation before it and that operation's operands.</summary>
    public static uint FlagsOf(in IrInst setter, in Operands operands) =>
        IntegerOperations.FlagsOf(setter, operands.A.Lo, operands.B.Lo, operands.C.Lo);
}
