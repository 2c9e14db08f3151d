using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;
using static Arm64Vm.Backend.X64.Memory.LinuxMappingCalls;

namespace Arm64Vm.Backend.X64.Memory;

/// <summary>LOCK CMPXCHG16B, which .NET does not offer, in a page of its own.</summary>
internal static unsafe class WideCompareExchange
{
    /// <summary>The code, by the C calling convention: memory, {expected, replacement}, and where what was there goes. Null where the host is not x86-64 or has no mmap.</summary>
    /// <remarks>The page is never freed: make it once.</remarks>
    public static delegate* unmanaged[SuppressGCTransition]<byte*, Bits128*, Bits128*, void> Make()
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64 || OperatingSystem.IsWindows())
            return null;
        int size = Environment.SystemPageSize;
        nint page = Mmap((nuint)size, ProtRead | ProtWrite, MapPrivate | MapAnonymous, -1);
        if (IsError(page))
            return null;

        // SAFETY: a fresh page, written before it becomes executable, never freed. rdi = memory, rsi = operands, rdx = what was there.
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
