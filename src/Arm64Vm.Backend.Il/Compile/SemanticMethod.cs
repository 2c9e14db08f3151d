using System.Reflection;

namespace Arm64Vm.Backend.Il;

/// <summary>A method that has the meaning of an operation, and what its parameters are for.</summary>
internal sealed class SemanticMethod
{
    private readonly Type[] operands;

    public SemanticMethod(MethodInfo method)
    {
        Method = method;
        Parameters = method.GetParameters();
        operands = [.. Parameters.Where(parameter => !IsConstant(parameter)).Select(parameter => parameter.ParameterType)];
    }

    public MethodInfo Method { get; }

    public ParameterInfo[] Parameters { get; }

    public Type Result => Method.ReturnType;

    /// <summary>The type of operand A, B or C (0 to 2), or null where it is not taken.</summary>
    public Type? OperandType(int operand) => operand < operands.Length ? operands[operand] : null;

    private static bool IsConstant(ParameterInfo parameter) => parameter.Name is "context" or "imm" or "aux" or "size" or "high" or "isQ";
}
