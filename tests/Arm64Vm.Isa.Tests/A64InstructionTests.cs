using System.Runtime.CompilerServices;

namespace Arm64Vm.Isa.Tests;

public class A64InstructionTests
{
    [Fact]
    public void IsEightBytes() => Assert.Equal(8, Unsafe.SizeOf<A64Instruction>());

    [Fact]
    public void ReadsBranchOffsets()
    {
        Assert.Equal(-4, A64Instruction.Decode(0x17ffffff).Imm26Offset);
        Assert.Equal(-0x08000000, A64Instruction.Decode(0x16000000).Imm26Offset);
        Assert.Equal(-4, A64Instruction.Decode(0x54ffffe0).Imm19Offset);
        Assert.Equal(0x7ffc, A64Instruction.Decode(0x3603ffe0).Imm14Offset);
        Assert.Equal(-1, A64Instruction.Decode(0x70ffffe0).ImmAdr);
        Assert.Equal(63, A64Instruction.Decode(0xb7f80000).TestBit);
    }

    [Fact]
    public void ReadsLoadStoreOffsets()
    {
        Assert.Equal(-1, A64Instruction.Decode(0xf85ff020).Imm9);
        Assert.Equal(-64, A64Instruction.Decode(0xa9600820).Imm7);
        Assert.Equal(0xfffu, A64Instruction.Decode(0xf97ffc20).Imm12);
    }

    [Fact]
    public void ReadsSystemRegisters()
    {
        // mrs x0, ctr_el0: op0 3, op1 3, CRn 0, CRm 0, op2 1
        A64Instruction instruction = A64Instruction.Decode(0xd53b0020);
        Assert.Equal(A64Opcode.Mrs, instruction.Opcode);
        Assert.Equal((3 << 14) | (3 << 11) | 1, instruction.SystemRegister);
        Assert.Equal((3, 3, 0, 0, 1), (instruction.Op0, instruction.Op1, instruction.CRn, instruction.CRm, instruction.Op2));
    }

    [Fact]
    public void BitsReadsUpToTheWholeWord()
    {
        A64Instruction instruction = new(0xf000000f, A64Opcode.Undefined);
        Assert.Equal(0xf000000fu, instruction.Bits(31, 0));
        Assert.Equal(0xfu, instruction.Bits(31, 28));
        Assert.Equal(-1, instruction.SignedBits(31, 28));
        Assert.Equal(-1, instruction.SignedBits(3, 0));
        Assert.Equal(7, instruction.SignedBits(3, 1) & 7);
    }
}
