namespace Arm64Vm.Cpu.Registers;

/// <summary>One system register: its name, who may use it, and what reading and writing do.</summary>
/// <remarks>Built once per machine through the fluent members, then shared by its vCPUs and never changed.</remarks>
internal sealed class RegisterDescriptor(string name, SystemRegister register)
{
    private const int Nobody = 2;

    public string Name { get; } = name;

    public SystemRegister Register { get; } = register;

    /// <summary>Lowest exception level that may read; 2 for none.</summary>
    public int ReadLevel { get; private set; } = 1;

    public int WriteLevel { get; private set; } = 1;

    /// <summary>Index of the vCPU's storage, or −1.</summary>
    public int SlotIndex { get; private set; } = -1;

    /// <summary>Value after reset.</summary>
    public ulong ResetValue { get; private set; }

    /// <summary>Bits that software can change; the others keep <see cref="ResetValue"/>.</summary>
    public ulong WriteMask { get; private set; } = ulong.MaxValue;

    public Func<Vcpu, ulong>? Reader { get; private set; }

    public Action<Vcpu, ulong>? Writer { get; private set; }

    /// <summary>At EL0: false means that EL1 traps the access (EC 0x18).</summary>
    public Func<Vcpu, bool>? UserAllowed { get; private set; }

    /// <summary>As <see cref="UserAllowed"/>, for writes.</summary>
    public Func<Vcpu, bool>? UserWriteAllowed { get; private set; }

    /// <summary>Traps like an FP instruction (CPACR_EL1.FPEN).</summary>
    public bool IsFloat { get; private set; }

    public RegisterDescriptor ReadOnly()
    {
        WriteLevel = Nobody;
        return this;
    }

    public RegisterDescriptor WriteOnly()
    {
        ReadLevel = Nobody;
        return this;
    }

    /// <summary>EL0 may read, where <paramref name="allowed"/> agrees.</summary>
    public RegisterDescriptor UserRead(Func<Vcpu, bool>? allowed = null)
    {
        ReadLevel = 0;
        UserAllowed = allowed;
        return this;
    }

    /// <summary>EL0 may read and write, where <paramref name="allowed"/> agrees; for writes <paramref name="writeAllowed"/> where there is one.</summary>
    public RegisterDescriptor User(Func<Vcpu, bool>? allowed = null, Func<Vcpu, bool>? writeAllowed = null)
    {
        WriteLevel = 0;
        UserWriteAllowed = writeAllowed ?? allowed;
        return UserRead(allowed);
    }

    /// <summary>EL0 may write, where <paramref name="allowed"/> agrees; nobody may read.</summary>
    public RegisterDescriptor UserWrite(Func<Vcpu, bool> allowed)
    {
        ReadLevel = Nobody;
        WriteLevel = 0;
        UserWriteAllowed = allowed;
        return this;
    }

    public RegisterDescriptor Float()
    {
        IsFloat = true;
        return this;
    }

    /// <summary>Reads as a constant; writes, where allowed, are ignored.</summary>
    public RegisterDescriptor Constant(ulong value)
    {
        ResetValue = value;
        WriteMask = 0;
        return this;
    }

    /// <summary>Is storage of its own.</summary>
    public RegisterDescriptor Stored(int slot, ulong reset = 0, ulong mask = ulong.MaxValue)
    {
        SlotIndex = slot;
        ResetValue = reset;
        WriteMask = mask;
        return this;
    }

    public RegisterDescriptor OnRead(Func<Vcpu, ulong> reader)
    {
        Reader = reader;
        return this;
    }

    /// <summary>Runs after the masked value was stored.</summary>
    public RegisterDescriptor OnWrite(Action<Vcpu, ulong> writer)
    {
        Writer = writer;
        return this;
    }
}
