namespace Arm64Vm.Cpu;

/// <summary>The name of an AArch64 system register as MRS and MSR encode it (Arm ARM C5.1.2): op0:op1:CRn:CRm:op2 in 16 bits.</summary>
internal readonly record struct SystemRegister(ushort Encoding)
{
    public SystemRegister(int op0, int op1, int crn, int crm, int op2)
        : this((ushort)((op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2))
    {
    }

    public int Op0 => Encoding >> 14;

    public int Op1 => (Encoding >> 11) & 7;

    public int CRn => (Encoding >> 7) & 15;

    public int CRm => (Encoding >> 3) & 15;

    public int Op2 => Encoding & 7;

    /// <summary>The generic name, for example <c>S3_0_C12_C12_0</c>.</summary>
    public override string ToString() => $"S{Op0}_{Op1}_C{CRn}_C{CRm}_{Op2}";
}

/// <summary>A device whose registers a processor reaches with MRS and MSR: the GIC's CPU interface, the generic timer.</summary>
internal interface ISystemRegisterDevice
{
    /// <summary>True where this device implements <paramref name="register"/>.</summary>
    bool Owns(SystemRegister register);

    /// <summary>Reads for the processor with index <paramref name="cpu"/>, at exception level <paramref name="el"/> (0 or 1). False: UNDEFINED to the guest.</summary>
    bool TryReadRegister(int cpu, int el, SystemRegister register, out ulong value);

    /// <summary>Writes. False: UNDEFINED to the guest.</summary>
    bool TryWriteRegister(int cpu, int el, SystemRegister register, ulong value);

    /// <summary>The processor is reset: what belongs to it alone is as after power-on. Called on the thread that runs it.</summary>
    void ResetProcessor(int cpu)
    {
    }
}
