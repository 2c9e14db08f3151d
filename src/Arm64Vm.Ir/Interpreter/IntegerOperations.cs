using System.Buffers.Binary;
using System.Numerics;

namespace Arm64Vm.Ir.Interpreter;

/// <summary>Integer and flag operations. Results of type I32 are zero-extended, flags are in the form of <see cref="GuestFlags"/>.</summary>
internal static class IntegerOperations
{
    public static ulong Evaluate(in IrInst instruction, in Operands operands) =>
        Evaluate(instruction, operands.A.Lo, operands.B.Lo, operands.C.Lo);

    /// <summary>Evaluates any pure integer operation except <see cref="IrOp.FlagsOf"/>, for which see <see cref="FlagsOf"/>.</summary>
    public static ulong Evaluate(in IrInst instruction, ulong a, ulong b, ulong c)
    {
        return instruction.Type == IrType.I32
            ? (uint)Evaluate32(instruction, a, b, c)
            : Evaluate64(instruction, a, b, c);
    }

    /// <summary>The flags that a flag-setting operation produces for these operands.</summary>
    public static uint FlagsOf(in IrInst setter, ulong a, ulong b, ulong c)
    {
        bool wide = setter.Type == IrType.I64;
        switch (setter.Op)
        {
            case IrOp.AddS:
                return AddFlags(wide, a, b, 0);
            case IrOp.SubS:
                return AddFlags(wide, a, ~b, 1);
            case IrOp.AdcS:
                return AddFlags(wide, a, b, Carry(c));
            case IrOp.SbcS:
                return AddFlags(wide, a, ~b, Carry(c));
            case IrOp.AndS:
                return LogicalFlags(wide, a & b);
            case IrOp.AndNotS:
                return LogicalFlags(wide, a & ~b);
            default:
                throw new InvalidOperationException($"{setter.Op} sets no flags");
        }
    }

    private static uint Carry(ulong flags) => ((uint)flags & GuestFlags.C) != 0 ? 1u : 0u;

    /// <summary>AddWithCarry() of the Arm ARM (shared/functions/integer).</summary>
    private static uint AddFlags(bool wide, ulong a, ulong b, uint carry)
    {
        if (!wide)
        {
            ulong sum = (ulong)(uint)a + (uint)b + carry;
            uint result = (uint)sum;
            return (result >> 31) * GuestFlags.N
                | (result == 0 ? GuestFlags.Z : 0)
                | (uint)(sum >> 32) * GuestFlags.C
                | ((((uint)a ^ result) & ((uint)b ^ result)) >> 31) * GuestFlags.V;
        }

        ulong partial = a + b;
        ulong total = partial + carry;
        uint carryOut = (partial < a ? 1u : 0u) | (total < partial ? 1u : 0u);
        return (uint)(total >> 63) * GuestFlags.N
            | (total == 0 ? GuestFlags.Z : 0)
            | carryOut * GuestFlags.C
            | (uint)(((a ^ total) & (b ^ total)) >> 63) * GuestFlags.V;
    }

    private static uint LogicalFlags(bool wide, ulong result)
    {
        if (!wide)
            result = (ulong)(int)(uint)result;
        return (uint)(result >> 63) * GuestFlags.N | (result == 0 ? GuestFlags.Z : 0);
    }

    private static ulong Evaluate64(in IrInst instruction, ulong a, ulong b, ulong c)
    {
        int shift = (int)(b & 63);
        switch (instruction.Op)
        {
            case IrOp.Const: return instruction.Imm;
            case IrOp.Add or IrOp.AddS: return a + b;
            case IrOp.Sub or IrOp.SubS: return a - b;
            case IrOp.And or IrOp.AndS: return a & b;
            case IrOp.Or: return a | b;
            case IrOp.Xor: return a ^ b;
            case IrOp.AndNot or IrOp.AndNotS: return a & ~b;
            case IrOp.Not: return ~a;
            case IrOp.Neg: return 0 - a;
            case IrOp.Mul: return a * b;
            case IrOp.MulHighSigned: return (ulong)Math.BigMul((long)a, (long)b, out _);
            case IrOp.MulHighUnsigned: return Math.BigMul(a, b, out _);
            case IrOp.DivSigned: return DivSigned((long)a, (long)b);
            case IrOp.DivUnsigned: return b == 0 ? 0 : a / b;
            case IrOp.Shl: return a << shift;
            case IrOp.Shr: return a >> shift;
            case IrOp.Sar: return (ulong)((long)a >> shift);
            case IrOp.Ror: return BitOperations.RotateRight(a, shift);
            case IrOp.ExtractPair: return instruction.Imm == 0 ? b : (b >> (int)instruction.Imm) | (a << (64 - (int)instruction.Imm));
            case IrOp.BitsExtractUnsigned: return (a >> instruction.Aux) & Mask(instruction.Imm);
            case IrOp.BitsExtractSigned: return SignExtend(a >> instruction.Aux, (int)instruction.Imm);
            case IrOp.BitsInsert: return Insert(instruction, a, b);
            case IrOp.CountLeadingZeros: return (ulong)BitOperations.LeadingZeroCount(a);
            case IrOp.CountLeadingSigns: return (ulong)BitOperations.LeadingZeroCount(a ^ (ulong)((long)a >> 1)) - 1;
            case IrOp.CountTrailingZeros: return (ulong)BitOperations.TrailingZeroCount(a);
            case IrOp.PopulationCount: return (ulong)BitOperations.PopCount(a);
            case IrOp.ReverseBits: return ReverseBits(a);
            case IrOp.ReverseBytes: return ReverseBytes(a, instruction.Size);
            case IrOp.ZeroExtend: return (uint)a;
            case IrOp.SignExtend: return SignExtend(a, instruction.Size * 8);
            case IrOp.AdcS: return a + b + Carry(c);
            case IrOp.SbcS: return a + ~b + Carry(c);
            case IrOp.Select: return GuestFlags.Holds(instruction.Condition, (uint)c) ? a : b;
            case IrOp.CondCompare: return ConditionalCompare(instruction, a, ~b, 1, c);
            case IrOp.CondCompareNegative: return ConditionalCompare(instruction, a, b, 0, c);
            case IrOp.FlagsFromNzcv: return (uint)a & GuestFlags.All;
            default: throw new InvalidOperationException($"{instruction.Op} is not an integer operation");
        }
    }

    private static ulong Evaluate32(in IrInst instruction, ulong a64, ulong b64, ulong c)
    {
        uint a = (uint)a64, b = (uint)b64;
        int shift = (int)(b & 31);
        switch (instruction.Op)
        {
            case IrOp.DivSigned: return DivSigned((int)a, (int)b);
            case IrOp.DivUnsigned: return b == 0 ? 0 : a / b;
            case IrOp.Shl: return a << shift;
            case IrOp.Shr: return a >> shift;
            case IrOp.Sar: return (uint)((int)a >> shift);
            case IrOp.Ror: return BitOperations.RotateRight(a, shift);
            case IrOp.ExtractPair: return (uint)((((ulong)a << 32) | b) >> (int)instruction.Imm);
            case IrOp.BitsExtractUnsigned: return (a >> instruction.Aux) & Mask(instruction.Imm);
            case IrOp.CountLeadingZeros: return (uint)BitOperations.LeadingZeroCount(a);
            case IrOp.CountLeadingSigns: return (uint)BitOperations.LeadingZeroCount(a ^ (uint)((int)a >> 1)) - 1;
            case IrOp.CountTrailingZeros: return (uint)BitOperations.TrailingZeroCount(a);
            case IrOp.ReverseBits: return ReverseBits(a) >> 32;
            case IrOp.Truncate: return a;
            case IrOp.Crc32: return Crc32(a, b64, instruction.Size, instruction.Aux);
            case IrOp.FlagsToNzcv: return a;
            default: return Evaluate64(instruction, a, b, c);
        }
    }

    private static ulong Mask(ulong width) => width >= 64 ? ulong.MaxValue : (1UL << (int)width) - 1;

    private static ulong SignExtend(ulong value, int width) => (ulong)((long)(value << (64 - width)) >> (64 - width));

    private static ulong DivSigned(long a, long b)
    {
        if (b == 0)
            return 0;
        return b == -1 ? 0 - (ulong)a : (ulong)(a / b);
    }

    private static ulong Insert(in IrInst instruction, ulong a, ulong b)
    {
        ulong mask = Mask(instruction.Imm) << instruction.Aux;
        return (a & ~mask) | ((b << instruction.Aux) & mask);
    }

    private static ulong ReverseBits(ulong value)
    {
        value = ((value >> 1) & 0x5555_5555_5555_5555) | ((value & 0x5555_5555_5555_5555) << 1);
        value = ((value >> 2) & 0x3333_3333_3333_3333) | ((value & 0x3333_3333_3333_3333) << 2);
        value = ((value >> 4) & 0x0F0F_0F0F_0F0F_0F0F) | ((value & 0x0F0F_0F0F_0F0F_0F0F) << 4);
        return BinaryPrimitives.ReverseEndianness(value);
    }

    private static ulong ReverseBytes(ulong value, int container) => container switch
    {
        2 => ((value >> 8) & 0x00FF_00FF_00FF_00FF) | ((value & 0x00FF_00FF_00FF_00FF) << 8),
        4 => BitOperations.RotateRight(BinaryPrimitives.ReverseEndianness(value), 32),
        _ => BinaryPrimitives.ReverseEndianness(value),
    };

    /// <summary>One step of CRC-32 with the reflected polynomial, bit by bit: the definition, not the fast way.</summary>
    private static uint Crc32(uint accumulator, ulong value, int size, byte variant)
    {
        uint polynomial = variant == 0 ? 0xEDB8_8320u : 0x82F6_3B78u;
        for (int i = 0; i < size; i++)
        {
            accumulator ^= (byte)(value >> (i * 8));
            for (int bit = 0; bit < 8; bit++)
                accumulator = (accumulator >> 1) ^ ((accumulator & 1) * polynomial);
        }

        return accumulator;
    }

    private static uint ConditionalCompare(in IrInst instruction, ulong a, ulong b, uint carry, ulong flags) =>
        GuestFlags.Holds(instruction.Condition, (uint)flags)
            ? AddFlags(instruction.Size == 8, a, b, carry)
            : GuestFlags.FromImmediate(instruction.Imm & 15);
}
