namespace Arm64Vm.Ir.Interpreter;

/// <summary>Floating-point operations.</summary>
internal static class FloatOperations
{
    public static Bits128 Evaluate(in IrInst instruction, in Operands operands, ref FpEnvironment fp)
    {
        _ = operands;
        _ = fp.Fpcr;
        throw new InvalidOperationException($"{instruction.Op} is not a floating-point operation");
    }
}
