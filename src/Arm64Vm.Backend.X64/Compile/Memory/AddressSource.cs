using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Where a guest address can be computed from without changing anything: on the hot path and again on a cold one.</summary>
internal readonly struct AddressSource
{
    private enum Place : byte
    {
        Register,
        Memory,
        Constant,
        Sum,
    }

    private readonly Place place;
    private readonly Gpr register;
    private readonly Gpr index;
    private readonly int scale;
    private readonly Mem memory;
    private readonly ulong constant;

    public AddressSource(Gpr register)
    {
        place = Place.Register;
        this.register = register;
    }

    /// <summary>register + index × scale.</summary>
    public AddressSource(Gpr register, Gpr index, int scale)
    {
        place = Place.Sum;
        this.register = register;
        this.index = index;
        this.scale = scale;
    }

    public AddressSource(Mem memory)
    {
        place = Place.Memory;
        this.memory = memory;
    }

    public AddressSource(ulong constant)
    {
        place = Place.Constant;
        this.constant = constant;
    }

    /// <summary>True where the address is a register's value as it is.</summary>
    public bool TryRegister(out Gpr value)
    {
        value = register;
        return place == Place.Register;
    }

    /// <summary>target := address + displacement. Changes the host's flags.</summary>
    public void Emit(X64Emitter emit, Gpr target, long displacement)
    {
        switch (place)
        {
            case Place.Constant:
                emit.MovImm(target, constant + (ulong)displacement);
                break;
            case Place.Sum:
                emit.Lea(8, target, Mem.Index(register, index, scale, (int)displacement));
                break;
            case Place.Memory:
                emit.Mov(8, target, memory);
                if (displacement != 0)
                    emit.Alu(AluOp.Add, 8, target, (int)displacement);
                break;
            default:
                if (displacement == 0)
                    emit.Mov(8, target, register);
                else
                    emit.Lea(8, target, Mem.Base(register, (int)displacement));
                break;
        }
    }
}
