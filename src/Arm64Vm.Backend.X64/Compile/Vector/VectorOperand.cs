using Arm64Vm.Backend.X64.Emit;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>A vector operand that is either in a register or in memory; the default value: there is none.</summary>
internal readonly struct VectorOperand
{
    public readonly Mem Memory;
    public readonly Xmm Register;
    public readonly bool IsMemory;
    public readonly bool IsPresent;

    public VectorOperand(Xmm register)
    {
        Register = register;
        IsPresent = true;
    }

    public VectorOperand(Mem memory)
    {
        Memory = memory;
        IsMemory = true;
        IsPresent = true;
    }

    public bool IsIn(Xmm register) => IsPresent && !IsMemory && Register == register;
}
