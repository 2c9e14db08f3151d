namespace Arm64Vm.Ir.Interpreter;

/// <summary>Integer and flag operations.</summary>
internal static class IntegerOperations
{
    public static ulong Evaluate(in IrInst instruction, in Operands operands)
    {
        _ = operands;
        throw new InvalidOperationException($"{instruction.Op} is not an integer operation");
    }
}
