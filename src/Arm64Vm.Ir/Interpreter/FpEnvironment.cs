namespace Arm64Vm.Ir.Interpreter;

/// <summary>Floating-point control in, cumulative status out, for one operation.</summary>
internal ref struct FpEnvironment
{
    /// <summary>FPSR.QC.</summary>
    public const uint Saturated = 1u << 27;

    /// <summary>The guest's FPCR.</summary>
    public uint Fpcr;

    /// <summary>Bits to be ORed into the guest's FPSR.</summary>
    public uint Fpsr;
}

/// <summary>Operand values of a pure operation.</summary>
internal struct Operands
{
    public Bits128 A;
    public Bits128 B;
    public Bits128 C;
    public Bits128 D;
}
