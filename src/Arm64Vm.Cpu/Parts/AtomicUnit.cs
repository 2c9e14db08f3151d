using System.Runtime.CompilerServices;
using Arm64Vm.Cpu.Memory;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Parts;

/// <summary>Exclusive and atomic accesses on host memory that has been found, and the local exclusive monitor.</summary>
/// <remarks>
/// The monitor is keyed by host address, which is one per physical address, so that aliases work, and remembers the value: a store-exclusive is a
/// compare-exchange with it (docs/decisions/0014). Every exception return clears it. Emitted code sets and checks it in the same way.
/// </remarks>
// SAFETY: the context outlives this object; callers resolved `size` bytes, writable where they are stored to, and checked alignment.
internal sealed unsafe class AtomicUnit(GuestContext* context)
{
    /// <summary>Nothing is marked.</summary>
    public void ClearMonitor() => context->Exclusive.Address = GuestContext.InvalidTag;

    /// <summary>Reads 1 to 16 bytes at once and marks them.</summary>
    public Bits128 LoadExclusive(byte* host, int size)
    {
        Bits128 value = size == 16 ? HostAtomics.Read128(host) : Read(host, size);
        context->Exclusive.Address = (ulong)host;
        context->Exclusive.Size = (ulong)size;
        context->Exclusive.Value = value;
        return value;
    }

    /// <summary>Stores where the bytes are marked and still what was loaded; the mark goes either way.</summary>
    public bool TryStoreExclusive(byte* host, int size, Bits128 value)
    {
        ref ExclusiveMonitor monitor = ref context->Exclusive;
        bool holds = monitor.Address == (ulong)host && monitor.Size == (ulong)size;
        ClearMonitor();
        return holds && HostAtomics.CompareExchange(host, size, monitor.Value, value) == monitor.Value;
    }

    /// <summary>An atomic memory operation on 1 to 8 bytes; returns what was there.</summary>
    public static ulong Modify(AtomicOperation operation, byte* host, int size, ulong operand)
    {
        while (true)
        {
            Bits128 seen = Read(host, size);
            Bits128 replacement = new(Combine(operation, seen.Lo, operand, size), 0);
            if (HostAtomics.CompareExchange(host, size, seen, replacement) == seen)
                return seen.Lo;
        }
    }

    /// <summary>Compare and swap of 1 to 16 bytes; true where it stored.</summary>
    public static bool TryCompareSwap(byte* host, int size, Bits128 expected, Bits128 replacement, out Bits128 old)
    {
        if (size < 8)
        {
            ulong mask = (1UL << (size * 8)) - 1;
            expected.Lo &= mask;
            replacement.Lo &= mask;
        }

        if (size < 16)
        {
            expected.Hi = 0;
            replacement.Hi = 0;
        }

        old = HostAtomics.CompareExchange(host, size, expected, replacement);
        return old == expected;
    }

    private static Bits128 Read(byte* host, int size) => size switch
    {
        1 => new Bits128(*host, 0),
        2 => new Bits128(Unsafe.ReadUnaligned<ushort>(host), 0),
        4 => new Bits128(Unsafe.ReadUnaligned<uint>(host), 0),
        _ => new Bits128(Unsafe.ReadUnaligned<ulong>(host), 0),
    };

    /// <summary>What an atomic memory operation stores (Arm ARM, MemAtomicOp).</summary>
    private static ulong Combine(AtomicOperation operation, ulong old, ulong operand, int size)
    {
        int shift = 64 - (size * 8);
        ulong mask = ulong.MaxValue >> shift;
        operand &= mask;
        long signedOld = (long)(old << shift);
        long signedOperand = (long)(operand << shift);
        ulong result = operation switch
        {
            AtomicOperation.Add => old + operand,
            AtomicOperation.Clear => old & ~operand,
            AtomicOperation.Xor => old ^ operand,
            AtomicOperation.Set => old | operand,
            AtomicOperation.SignedMax => signedOld > signedOperand ? old : operand,
            AtomicOperation.SignedMin => signedOld < signedOperand ? old : operand,
            AtomicOperation.UnsignedMax => old > operand ? old : operand,
            AtomicOperation.UnsignedMin => old < operand ? old : operand,
            _ => operand,
        };
        return result & mask;
    }
}
