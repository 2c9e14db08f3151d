namespace Arm64Vm.Ir.Interpreter;

/// <summary>Vector integer and crypto operations.</summary>
internal static class VectorOperations
{
    public static Bits128 Evaluate(in IrInst instruction, in Operands operands, ref FpEnvironment fp)
    {
        _ = operands;
        _ = fp.Fpcr;
        throw new InvalidOperationException($"{instruction.Op} is not a vector operation");
    }
}
