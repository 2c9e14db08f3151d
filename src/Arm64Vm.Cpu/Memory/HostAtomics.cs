using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Memory;

/// <summary>Compare-exchange of 1 to 16 bytes of guest memory, aligned to their size.</summary>
internal static unsafe class HostAtomics
{
    /// <summary>Stores <paramref name="replacement"/> where the bytes equal <paramref name="expected"/>; returns what was there.</summary>
    public static Bits128 CompareExchange(byte* host, int size, Bits128 expected, Bits128 replacement)
    {
        // SAFETY: the caller resolved `size` writable bytes and checked alignment.
        switch (size)
        {
            case 1:
                return new Bits128(Interlocked.CompareExchange(ref *host, (byte)replacement.Lo, (byte)expected.Lo), 0);
            case 2:
                return new Bits128(Interlocked.CompareExchange(ref *(ushort*)host, (ushort)replacement.Lo, (ushort)expected.Lo), 0);
            case 4:
                return new Bits128(Interlocked.CompareExchange(ref *(uint*)host, (uint)replacement.Lo, (uint)expected.Lo), 0);
            case 8:
                return new Bits128(Interlocked.CompareExchange(ref *(ulong*)host, replacement.Lo, expected.Lo), 0);
            default:
                return CompareExchange128.Run(host, expected, replacement);
        }
    }

    /// <summary>Reads 16 aligned bytes at once: AVX hosts do that with one vector load.</summary>
    public static Bits128 Read128(byte* host)
    {
        if (Avx.IsSupported)
        {
            Vector128<ulong> value = Sse2.LoadAlignedVector128((ulong*)host);
            return new Bits128(value.GetElement(0), value.GetElement(1));
        }

        Bits128 zero = default;
        return CompareExchange128.Run(host, zero, zero);
    }
}

/// <summary>The 16-byte compare-exchange, which .NET does not offer: LOCK CMPXCHG16B in a page of its own.</summary>
internal static unsafe partial class CompareExchange128
{
    // rdi = memory, rsi = {expected, replacement}, rdx = result:
    // push rbx; mov r8,rdx; mov r9,rsi; mov rax,[r9]; mov rdx,[r9+8]; mov rbx,[r9+16]; mov rcx,[r9+24];
    // lock cmpxchg16b [rdi]; mov [r8],rax; mov [r8+8],rdx; pop rbx; ret
    private static ReadOnlySpan<byte> Code =>
    [
        0x53, 0x49, 0x89, 0xD0, 0x49, 0x89, 0xF1, 0x49, 0x8B, 0x01, 0x49, 0x8B, 0x51, 0x08, 0x49, 0x8B, 0x59, 0x10, 0x49, 0x8B, 0x49, 0x18,
        0xF0, 0x48, 0x0F, 0xC7, 0x0F, 0x49, 0x89, 0x00, 0x49, 0x89, 0x50, 0x08, 0x5B, 0xC3,
    ];

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

    private static delegate* unmanaged[SuppressGCTransition]<byte*, Bits128*, Bits128*, void> Make()
    {
        const int ReadWrite = 3;
        const int ReadExecute = 5;
        const int PrivateAnonymous = 0x22;
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64 || OperatingSystem.IsWindows())
            return null;
        nint page = mmap(0, 4096, ReadWrite, PrivateAnonymous, -1, 0);
        if (page == -1)
            return null;

        // SAFETY: a fresh page, written before it becomes executable, never freed.
        Code.CopyTo(new Span<byte>((void*)page, 4096));
        if (mprotect(page, 4096, ReadExecute) != 0)
            return null;
        return (delegate* unmanaged[SuppressGCTransition]<byte*, Bits128*, Bits128*, void>)page;
    }

    [LibraryImport("libc")]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, int descriptor, long offset);

    [LibraryImport("libc")]
    private static partial int mprotect(nint address, nuint length, int protection);
}
