using Arm64Vm.Backend.X64.Emit;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>An operand of integer arithmetic at a place where a cold path can read it again. An address, which may be a sum, is an <see cref="AddressSource"/>.</summary>
internal readonly struct IntegerOperand
{
    private enum Place : byte
    {
        Register,
        Memory,
        Immediate,
    }

    private readonly Place place;
    private readonly Gpr register;
    private readonly int immediate;
    private readonly Mem memory;

    public IntegerOperand(Gpr register)
    {
        place = Place.Register;
        this.register = register;
    }

    public IntegerOperand(Mem memory)
    {
        place = Place.Memory;
        this.memory = memory;
    }

    public IntegerOperand(int immediate)
    {
        place = Place.Immediate;
        this.immediate = immediate;
    }

    /// <summary>target := operand, of 4 or 8 bytes.</summary>
    public void Load(X64Emitter emit, int size, Gpr target)
    {
        switch (place)
        {
            case Place.Immediate:
                emit.MovImm(target, (ulong)immediate);
                break;
            case Place.Memory:
                emit.Mov(size, target, memory);
                break;
            default:
                emit.Mov(size, target, register);
                break;
        }
    }

    /// <summary>target := target op operand; changes the host's flags.</summary>
    public void Apply(X64Emitter emit, AluOp op, int size, Gpr target)
    {
        switch (place)
        {
            case Place.Immediate:
                emit.Alu(op, size, target, immediate);
                break;
            case Place.Memory:
                emit.Alu(op, size, target, memory);
                break;
            default:
                emit.Alu(op, size, target, register);
                break;
        }
    }
}
