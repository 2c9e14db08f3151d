using System.Runtime.Intrinsics.X86;
using Arm64Vm.Backend.X64.Emit;

namespace Arm64Vm.Backend.X64.Memory;

/// <summary>Reads CPUID (Intel SDM vol. 2A, CPUID) and XCR0. The runtime's own IsSupported answers depend on how it was compiled.</summary>
internal static unsafe class HostFeatureDetection
{
    /// <summary>XCR0: the operating system saves xmm and ymm.</summary>
    private const uint AvxState = 0x06;

    /// <summary>XCR0: and opmasks, the upper halves of zmm0-15, and zmm16-31.</summary>
    private const uint Avx512State = 0xE6;

    public static HostFeatures Detect()
    {
        if (!X86Base.X64.IsSupported)
        {
            return HostFeatures.None;
        }

        (_, _, uint ecx1, _) = Leaf(1, 0);
        (uint maxSubleaf7, uint ebx7, uint ecx7, uint edx7) = Leaf(7, 0);
        (uint eax71, _, _, _) = maxSubleaf7 >= 1 ? Leaf(7, 1) : default;
        (_, _, uint ecx81, _) = Leaf(0x8000_0001, 0);
        (_, _, _, uint edx87) = Leaf(0x8000_0007, 0);

        uint xcr0 = Bit(ecx1, 27) ? ReadXcr0() : 0;
        bool avx = Bit(ecx1, 28) && (xcr0 & AvxState) == AvxState;
        bool avx512 = avx && Bit(ebx7, 16) && Bit(ebx7, 31) && (xcr0 & Avx512State) == Avx512State;

        return new HostFeatures
        {
            X64V2 = Bit(ecx1, 20) && Bit(ecx1, 19) && Bit(ecx1, 9) && Bit(ecx1, 13),
            Avx = avx,
            Avx2 = avx && Bit(ebx7, 5),
            Fma = avx && Bit(ecx1, 12),
            F16c = avx && Bit(ecx1, 29),
            Bmi1 = Bit(ebx7, 3),
            Bmi2 = Bit(ebx7, 8),
            Lzcnt = Bit(ecx81, 5),
            Popcnt = Bit(ecx1, 23),
            Movbe = Bit(ecx1, 22),
            Aes = Bit(ecx1, 25),
            Pclmulqdq = Bit(ecx1, 1),
            Sha = Bit(ebx7, 29),
            Gfni = avx && Bit(ecx7, 8),
            Vaes = avx && Bit(ecx7, 9),
            Vpclmulqdq = avx && Bit(ecx7, 10),
            AvxVnni = avx && Bit(eax71, 4),
            Avx512Vl = avx512,
            Avx512Bw = avx512 && Bit(ebx7, 30),
            Avx512Dq = avx512 && Bit(ebx7, 17),
            Avx512Cd = avx512 && Bit(ebx7, 28),
            Avx512Vbmi = avx512 && Bit(ecx7, 1),
            Avx512Vnni = avx512 && Bit(ecx7, 11),
            Avx512Bitalg = avx512 && Bit(ecx7, 12),
            Avx512Vpopcntdq = avx512 && Bit(ecx7, 14),
            FastRepMovs = Bit(ebx7, 9) && Bit(edx7, 4),
            InvariantTsc = Bit(edx87, 8),
        };
    }

    private static bool Bit(uint value, int bit) => (value >> bit & 1) != 0;

    private static (uint Eax, uint Ebx, uint Ecx, uint Edx) Leaf(uint leaf, uint subleaf)
    {
        (int max, _, _, _) = X86Base.CpuId((int)(leaf & 0x8000_0000), 0);
        if ((uint)max < leaf)
        {
            return default;
        }

        (int a, int b, int c, int d) = X86Base.CpuId((int)leaf, (int)subleaf);
        return ((uint)a, (uint)b, (uint)c, (uint)d);
    }

    /// <summary>
    /// The low half of XCR0, by a four-instruction function of our own: the runtime has no intrinsic for XGETBV. Zero, which means "no AVX", on a
    /// host that refuses executable memory; such a host cannot use this backend anyway.
    /// </summary>
    private static uint ReadXcr0()
    {
        try
        {
            using CodeBuffer buffer = CodeBuffer.Create(1);
            var emitter = new X64Emitter();
            emitter.Reset(buffer.Rw, buffer.Rx, (int)buffer.Size);
            emitter.MovImm(Gpr.Rcx, 0);
            emitter.Xgetbv();
            emitter.Ret();
            // SAFETY: the code above follows the C calling convention, touches only rax, rcx and rdx, and outlives the call.
            return ((delegate* unmanaged<uint>)buffer.Rx)();
        }
        catch (ExecutableMemoryException)
        {
            return 0;
        }
    }
}
