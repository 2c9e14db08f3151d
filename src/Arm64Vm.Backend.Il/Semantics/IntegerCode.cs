using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.Il;

/// <summary>Integer and flag operations that IL has no instruction for. Found by name: operation, then the width in bits.</summary>
internal static class IntegerCode
{
    public static ulong MulHighSigned64(ulong a, ulong b) => (ulong)Math.BigMul((long)a, (long)b, out _);

    public static ulong MulHighUnsigned64(ulong a, ulong b) => Math.BigMul(a, b, out _);

    public static ulong DivSigned64(ulong a, ulong b) => b == 0 ? 0 : b == ulong.MaxValue ? 0 - a : (ulong)((long)a / (long)b);

    public static uint DivSigned32(uint a, uint b) => b == 0 ? 0 : b == uint.MaxValue ? 0 - a : (uint)((int)a / (int)b);

    public static ulong DivUnsigned64(ulong a, ulong b) => b == 0 ? 0 : a / b;

    public static uint DivUnsigned32(uint a, uint b) => b == 0 ? 0 : a / b;

    public static ulong Ror64(ulong a, ulong b) => BitOperations.RotateRight(a, (int)b);

    public static uint Ror32(uint a, uint b) => BitOperations.RotateRight(a, (int)b);

    public static ulong CountLeadingZeros64(ulong a) => (ulong)BitOperations.LeadingZeroCount(a);

    public static uint CountLeadingZeros32(uint a) => (uint)BitOperations.LeadingZeroCount(a);

    public static ulong CountLeadingSigns64(ulong a) => (ulong)BitOperations.LeadingZeroCount(a ^ (ulong)((long)a >> 1)) - 1;

    public static uint CountLeadingSigns32(uint a) => (uint)BitOperations.LeadingZeroCount(a ^ (uint)((int)a >> 1)) - 1;

    public static ulong CountTrailingZeros64(ulong a) => (ulong)BitOperations.TrailingZeroCount(a);

    public static uint CountTrailingZeros32(uint a) => (uint)BitOperations.TrailingZeroCount(a);

    public static ulong PopulationCount64(ulong a) => (ulong)BitOperations.PopCount(a);

    public static uint PopulationCount32(uint a) => (uint)BitOperations.PopCount(a);

    public static ulong ReverseBits64(ulong a)
    {
        a = ((a >> 1) & 0x5555_5555_5555_5555) | ((a & 0x5555_5555_5555_5555) << 1);
        a = ((a >> 2) & 0x3333_3333_3333_3333) | ((a & 0x3333_3333_3333_3333) << 2);
        a = ((a >> 4) & 0x0F0F_0F0F_0F0F_0F0F) | ((a & 0x0F0F_0F0F_0F0F_0F0F) << 4);
        return BinaryPrimitives.ReverseEndianness(a);
    }

    public static uint ReverseBits32(uint a) => (uint)(ReverseBits64(a) >> 32);

    public static ulong ReverseBytes264(ulong a) => ((a >> 8) & 0x00FF_00FF_00FF_00FF) | ((a & 0x00FF_00FF_00FF_00FF) << 8);

    public static uint ReverseBytes232(uint a) => ((a >> 8) & 0x00FF_00FF) | ((a & 0x00FF_00FF) << 8);

    public static ulong ReverseBytes464(ulong a) => BitOperations.RotateRight(BinaryPrimitives.ReverseEndianness(a), 32);

    public static uint ReverseBytes432(uint a) => BinaryPrimitives.ReverseEndianness(a);

    public static ulong ReverseBytes864(ulong a) => BinaryPrimitives.ReverseEndianness(a);

    // ---- Flags: AddWithCarry() of the Arm ARM (shared/functions/integer) ------------------------------------------------

    private static uint Carry(uint flags) => (flags / GuestFlags.C) & 1;

    private static uint Flags(bool n, bool z, bool c, bool v) =>
        (n ? GuestFlags.N : 0) | (z ? GuestFlags.Z : 0) | (c ? GuestFlags.C : 0) | (v ? GuestFlags.V : 0);

    public static uint AddFlags64(ulong a, ulong b)
    {
        ulong r = a + b;
        return ((uint)(r >> 63) * GuestFlags.N) | (r == 0 ? GuestFlags.Z : 0) | (r < a ? GuestFlags.C : 0) | ((uint)(((a ^ r) & (b ^ r)) >> 63) * GuestFlags.V);
    }

    public static uint AddFlags32(uint a, uint b)
    {
        uint r = a + b;
        return ((r >> 31) * GuestFlags.N) | (r == 0 ? GuestFlags.Z : 0) | (r < a ? GuestFlags.C : 0) | ((((a ^ r) & (b ^ r)) >> 31) * GuestFlags.V);
    }

    public static uint SubFlags64(ulong a, ulong b)
    {
        ulong r = a - b;
        return ((uint)(r >> 63) * GuestFlags.N) | (r == 0 ? GuestFlags.Z : 0) | (a >= b ? GuestFlags.C : 0) | ((uint)(((a ^ b) & (a ^ r)) >> 63) * GuestFlags.V);
    }

    public static uint SubFlags32(uint a, uint b)
    {
        uint r = a - b;
        return ((r >> 31) * GuestFlags.N) | (r == 0 ? GuestFlags.Z : 0) | (a >= b ? GuestFlags.C : 0) | ((((a ^ b) & (a ^ r)) >> 31) * GuestFlags.V);
    }

    public static uint LogicalFlags64(ulong r) => ((uint)(r >> 63) * GuestFlags.N) | (r == 0 ? GuestFlags.Z : 0);

    public static uint LogicalFlags32(uint r) => ((r >> 31) * GuestFlags.N) | (r == 0 ? GuestFlags.Z : 0);

    public static ulong AddCarry64(ulong a, ulong b, uint flags) => a + b + Carry(flags);

    public static uint AddCarry32(uint a, uint b, uint flags) => a + b + Carry(flags);

    public static ulong SubCarry64(ulong a, ulong b, uint flags) => a + ~b + Carry(flags);

    public static uint SubCarry32(uint a, uint b, uint flags) => a + ~b + Carry(flags);

    public static uint AddCarryFlags64(ulong a, ulong b, uint flags)
    {
        ulong partial = a + b, r = partial + Carry(flags);
        return Flags((long)r < 0, r == 0, partial < a || r < partial, (long)((a ^ r) & (b ^ r)) < 0);
    }

    public static uint AddCarryFlags32(uint a, uint b, uint flags)
    {
        ulong sum = (ulong)a + b + Carry(flags);
        uint r = (uint)sum;
        return Flags((int)r < 0, r == 0, sum >> 32 != 0, (int)((a ^ r) & (b ^ r)) < 0);
    }

    public static uint SubCarryFlags64(ulong a, ulong b, uint flags) => AddCarryFlags64(a, ~b, flags);

    public static uint SubCarryFlags32(uint a, uint b, uint flags) => AddCarryFlags32(a, ~b, flags);

    // ---- Conditions on additions: named after the condition --------------------------------------------------------------

    public static bool AddCS64(ulong a, ulong b) => a + b < a;

    public static bool AddCS32(uint a, uint b) => a + b < a;

    public static bool AddHI64(ulong a, ulong b) => a + b < a && a + b != 0;

    public static bool AddHI32(uint a, uint b) => a + b < a && a + b != 0;

    public static bool AddVS64(ulong a, ulong b) => (long)((a ^ (a + b)) & (b ^ (a + b))) < 0;

    public static bool AddVS32(uint a, uint b) => (int)((a ^ (a + b)) & (b ^ (a + b))) < 0;

    /// <summary>N = V: the exact sum is not negative.</summary>
    public static bool AddGE64(ulong a, ulong b) => (long)((a + b) ^ ((a ^ (a + b)) & (b ^ (a + b)))) >= 0;

    public static bool AddGE32(uint a, uint b) => (int)((a + b) ^ ((a ^ (a + b)) & (b ^ (a + b)))) >= 0;

    public static bool AddGT64(ulong a, ulong b) => AddGE64(a, b) && a + b != 0;

    public static bool AddGT32(uint a, uint b) => AddGE32(a, b) && a + b != 0;

    public static bool SubOverflows64(ulong a, ulong b) => (long)((a ^ b) & (a ^ (a - b))) < 0;

    public static bool SubOverflows32(uint a, uint b) => (int)((a ^ b) & (a ^ (a - b))) < 0;

    /// <summary>GE: N = V.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool HoldsGe(uint flags) => ((flags ^ (flags << 3)) & GuestFlags.N) == 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool HoldsGt(uint flags) => HoldsGe(flags) && (flags & GuestFlags.Z) == 0;
}
