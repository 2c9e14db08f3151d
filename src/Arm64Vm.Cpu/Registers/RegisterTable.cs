namespace Arm64Vm.Cpu.Registers;

/// <summary>The system registers of a processor model, by encoding.</summary>
internal sealed class RegisterTable
{
    // op0 is 2 or 3 for registers, so 15 bits name them all.
    private const int Encodings = 1 << 15;

    private readonly ushort[] _index = new ushort[Encodings];
    private readonly List<RegisterDescriptor> _rows = [];
    private int _slots = (int)SystemSlot.Count;

    public RegisterTable(CpuModel model, bool hasGicRegisters)
    {
        IdentificationRegisters.Define(this, model, hasGicRegisters);
        ControlRegisters.Define(this, model);
        StateRegisters.Define(this, model);
        DebugRegisters.Define(this);
        if (model.HasPmu)
            PmuRegisters.Define(this, model);
        if (model.HasPointerAuthentication)
            KeyRegisters.Define(this);
    }

    public IReadOnlyList<RegisterDescriptor> Rows => _rows;

    /// <summary>Words of storage that a vCPU needs.</summary>
    public int SlotCount => _slots;

    public RegisterDescriptor? Find(SystemRegister register)
    {
        int row = register.Op0 >= 2 ? _index[register.Encoding & (Encodings - 1)] : 0;
        return row == 0 ? null : _rows[row - 1];
    }

    public RegisterDescriptor Add(string name, int op0, int op1, int crn, int crm, int op2)
    {
        var register = new SystemRegister(op0, op1, crn, crm, op2);
        var row = new RegisterDescriptor(name, register);
        ref ushort index = ref _index[register.Encoding & (Encodings - 1)];
        if (index != 0)
            throw new InvalidOperationException($"{name} has the encoding of {_rows[index - 1].Name}.");
        _rows.Add(row);
        index = (ushort)_rows.Count;
        return row;
    }

    /// <summary>Storage for a register that nothing else looks at.</summary>
    public int NewSlot() => _slots++;
}
