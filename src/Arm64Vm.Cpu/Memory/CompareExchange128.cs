using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;
using static Arm64Vm.Backend.X64.Memory.LinuxMappingCalls;

namespace Arm64Vm.Cpu.Memory;

/// <summary>The 16-byte compare-exchange, which .NET does not offer: LOCK CMPXCHG16B in a page of its own.</summary>
internal static unsafe class CompareExchange128
{
    // Immutable once made; null where the host is not x86-64 or has no mmap: a lock stands in then.
    private static readonly delegate* unmanaged[SuppressGCTransition]<byte*, Bits128*, Bits128*, void> s_run = Make();
    private static readonly Lock s_fallback = new();

    public static Bits128 Run(byte* host, Bits128 expected, Bits128 replacement)
    {
        Bits128 old;
        if (s_run != null)
        {
            Bits128* operands = stackalloc Bits128[2];
            operands[0] = expected;
            operands[1] = replacement;
            s_run(host, operands, &old);
            return old;
        }

        lock (s_fallback)
        {
            old = new Bits128(Unsafe.ReadUnaligned<ulong>(host), Unsafe.ReadUnaligned<ulong>(host + 8));
            if (old == expected)
            {
                Unsafe.WriteUnaligned(host, replacement.Lo);
                Unsafe.WriteUnaligned(host + 8, replacement.Hi);
            }

            return old;
        }
    }

    /// <summary>The code, by the C calling convention: rdi = memory, rsi = expected and replacement, rdx = what was there.</summary>
    private static delegate* unmanaged[SuppressGCTransition]<byte*, Bits128*, Bits128*, void> Make()
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64 || OperatingSystem.IsWindows())
            return null;
        int size = Environment.SystemPageSize;
        nint page = Mmap((nuint)size, ProtRead | ProtWrite, MapPrivate | MapAnonymous, -1);
        if (IsError(page))
            return null;

        // SAFETY: a fresh page, written before it becomes executable, never freed.
        var emit = new X64Emitter();
        emit.Reset((byte*)page, (byte*)page, size);
        emit.Push(Gpr.Rbx);
        emit.Mov(8, Gpr.R8, Gpr.Rdx);
        emit.Mov(8, Gpr.Rax, Mem.Base(Gpr.Rsi));
        emit.Mov(8, Gpr.Rdx, Mem.Base(Gpr.Rsi, 8));
        emit.Mov(8, Gpr.Rbx, Mem.Base(Gpr.Rsi, 16));
        emit.Mov(8, Gpr.Rcx, Mem.Base(Gpr.Rsi, 24));
        emit.LockCmpxchg16b(Mem.Base(Gpr.Rdi));
        emit.Mov(8, Mem.Base(Gpr.R8), Gpr.Rax);
        emit.Mov(8, Mem.Base(Gpr.R8, 8), Gpr.Rdx);
        emit.Pop(Gpr.Rbx);
        emit.Ret();
        if (Mprotect((void*)page, (nuint)size, ProtRead | ProtExec) == 0)
            return (delegate* unmanaged[SuppressGCTransition]<byte*, Bits128*, Bits128*, void>)page;
        _ = Munmap((void*)page, (nuint)size);
        return null;
    }
}
