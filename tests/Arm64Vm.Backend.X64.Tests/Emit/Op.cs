using Arm64Vm.Backend.X64.Emit;
using Iced.Intel;

namespace Arm64Vm.Backend.X64.Tests.Emit;

/// <summary>An expected operand: a register, a register by number in any class, a memory operand, an immediate or a branch target.</summary>
internal readonly record struct Op
{
    private Register Register { get; init; }

    private int? Number { get; init; }

    private MemCase? Memory { get; init; }

    private long? Immediate { get; init; }

    private int ImmediateSize { get; init; }

    private ulong? Target { get; init; }

    public static implicit operator Op(Register register) => new() { Register = register };

    public static implicit operator Op(MemCase memory) => new() { Memory = memory };

    public static implicit operator Op(Xmm xmm) => new() { Register = Register.XMM0 + (int)xmm };

    public static Op Any(int number) => new() { Number = number };

    public static Op Imm(long value, int size = 1) => new() { Immediate = value, ImmediateSize = size };

    public static unsafe Op Branch(byte* target) => new() { Target = (ulong)target };

    public bool Matches(in Instruction instruction, int index)
    {
        OpKind kind = instruction.GetOpKind(index);
        if (Memory is { } memory)
        {
            return kind == OpKind.Memory && memory.Matches(instruction);
        }

        if (Immediate is { } value)
        {
            long mask = ImmediateSize == 8 ? -1 : (1L << (ImmediateSize * 8)) - 1;
            return kind is >= OpKind.Immediate8 and <= OpKind.Immediate32to64
                && ((long)instruction.GetImmediate(index) & mask) == (value & mask);
        }

        if (Target is { } target)
        {
            return kind == OpKind.NearBranch64 && instruction.NearBranchTarget == target;
        }

        Register actual = instruction.GetOpRegister(index);
        return kind == OpKind.Register && (Number is { } number ? actual.GetNumber() == number : actual == Register);
    }
}
