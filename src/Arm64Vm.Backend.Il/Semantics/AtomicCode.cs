using System.Runtime.InteropServices;

namespace Arm64Vm.Backend.Il;

/// <summary>Atomic operations on aligned guest memory at a host address; give the old value. Found by name: operation, then the width in bits.</summary>
// SAFETY for all members: the TLB gave the address of writable guest memory, and alignment was checked.
internal static unsafe class AtomicCode
{
    public static ulong Add64(ulong* p, ulong x) => Interlocked.Add(ref *p, x) - x;

    public static uint Add32(uint* p, uint x) => Interlocked.Add(ref *p, x) - x;

    public static ulong Clear64(ulong* p, ulong x) => Interlocked.And(ref *p, ~x);

    public static uint Clear32(uint* p, uint x) => Interlocked.And(ref *p, ~x);

    public static ulong Set64(ulong* p, ulong x) => Interlocked.Or(ref *p, x);

    public static uint Set32(uint* p, uint x) => Interlocked.Or(ref *p, x);

    public static ulong Swap64(ulong* p, ulong x) => Interlocked.Exchange(ref *p, x);

    public static uint Swap32(uint* p, uint x) => Interlocked.Exchange(ref *p, x);

    public static ulong CompareSwap64(ulong* p, ulong expected, ulong replacement) => Interlocked.CompareExchange(ref *p, replacement, expected);

    public static uint CompareSwap32(uint* p, uint expected, uint replacement) => Interlocked.CompareExchange(ref *p, replacement, expected);

    public static ulong Xor64(ulong* p, ulong x) => Update(p, x, static (a, b) => a ^ b);

    public static uint Xor32(uint* p, uint x) => Update(p, x, static (a, b) => a ^ b);

    public static ulong SignedMax64(ulong* p, ulong x) => Update(p, x, static (a, b) => (ulong)Math.Max((long)a, (long)b));

    public static uint SignedMax32(uint* p, uint x) => Update(p, x, static (a, b) => (uint)Math.Max((int)a, (int)b));

    public static ulong SignedMin64(ulong* p, ulong x) => Update(p, x, static (a, b) => (ulong)Math.Min((long)a, (long)b));

    public static uint SignedMin32(uint* p, uint x) => Update(p, x, static (a, b) => (uint)Math.Min((int)a, (int)b));

    public static ulong UnsignedMax64(ulong* p, ulong x) => Update(p, x, Math.Max);

    public static uint UnsignedMax32(uint* p, uint x) => Update(p, x, Math.Max);

    public static ulong UnsignedMin64(ulong* p, ulong x) => Update(p, x, Math.Min);

    public static uint UnsignedMin32(uint* p, uint x) => Update(p, x, Math.Min);

    /// <summary>DC ZVA's block: the address is rounded down to it.</summary>
    public static void ClearBlock(byte* host) =>
        NativeMemory.Clear((byte*)((nuint)host & ~(nuint)(Ir.GuestContext.ZeroBlockSize - 1)), Ir.GuestContext.ZeroBlockSize);

    private static ulong Update(ulong* p, ulong x, Func<ulong, ulong, ulong> operation)
    {
        while (true)
        {
            ulong old = Volatile.Read(ref *p);
            if (Interlocked.CompareExchange(ref *p, operation(old, x), old) == old)
                return old;
        }
    }

    private static uint Update(uint* p, uint x, Func<uint, uint, uint> operation)
    {
        while (true)
        {
            uint old = Volatile.Read(ref *p);
            if (Interlocked.CompareExchange(ref *p, operation(old, x), old) == old)
                return old;
        }
    }
}
