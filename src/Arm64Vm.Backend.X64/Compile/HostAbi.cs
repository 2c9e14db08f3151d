using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Which host register holds what, at every point where units meet.</summary>
/// <remarks>
/// <code>
/// r15            GuestContext + 168, so that X5–X30 and the fields that nearly every unit touches are in reach of an 8-bit displacement
/// rsp            the vCPU's own stack of predicted returns (never the thread's stack)
/// rax, xmm0      scratch of a single IR instruction, never allocated
/// rbx rbp r8–r13 guest X0–X4, SP, X19, X20, live across units ("pinned")
/// xmm1–xmm12     guest V0–V7, V16–V19, live across units
/// xmm16–xmm31    guest V8–V11, V20–V31, live across units, on hosts with AVX-512 ("upper")
/// rcx rdx rsi rdi r14, xmm13–xmm15   the pool of the local register allocator
/// </code>
/// The pinned sets are those that compilers for the AAPCS64 use first in leaf and in non-leaf loops, and SP, which programs use more often than X5.
/// </remarks>
internal static class HostAbi
{
    public const Gpr Context = Gpr.R15;
    public const int ContextBias = 168;
    public const Gpr Scratch = Gpr.Rax;
    public const Xmm VectorScratch = Xmm.Xmm0;

    public const byte None = 0xFF;

    /// <summary>Host register of guest X0–X30 and SP (31), or <see cref="None"/>.</summary>
    public static ReadOnlySpan<byte> PinnedX =>
    [
        (byte)Gpr.Rbx, (byte)Gpr.Rbp, (byte)Gpr.R8, (byte)Gpr.R9, (byte)Gpr.R10, None, None, None,
        None, None, None, None, None, None, None, None,
        None, None, None, (byte)Gpr.R12, (byte)Gpr.R13, None, None, None,
        None, None, None, None, None, None, None, (byte)Gpr.R11,
    ];

    /// <summary>Host register of guest V0–V31, or <see cref="None"/>.</summary>
    /// <param name="upper">The host has <see cref="Memory.HostFeatures.HasUpperVectors"/>.</param>
    public static ReadOnlySpan<byte> PinnedVectors(bool upper) => upper ? PinnedVWithUpper : PinnedV;

    private static ReadOnlySpan<byte> PinnedV =>
    [
        1, 2, 3, 4, 5, 6, 7, 8, None, None, None, None, None, None, None, None,
        9, 10, 11, 12, None, None, None, None, None, None, None, None, None, None, None, None,
    ];

    private static ReadOnlySpan<byte> PinnedVWithUpper =>
    [
        1, 2, 3, 4, 5, 6, 7, 8, 16, 17, 18, 19, None, None, None, None,
        9, 10, 11, 12, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
    ];

    /// <summary>True for registers that only EVEX forms of instructions reach.</summary>
    public static bool IsUpper(int vector) => vector is >= 16 and < None;

    /// <summary>Host registers the allocator hands out, in order of preference.</summary>
    public static ReadOnlySpan<byte> PoolGpr => [(byte)Gpr.Rsi, (byte)Gpr.Rdi, (byte)Gpr.R14, (byte)Gpr.Rcx, (byte)Gpr.Rdx];

    public static ReadOnlySpan<byte> PoolXmm => [13, 14, 15];

    /// <summary>A field of the context as a memory operand.</summary>
    public static Mem Field(int offset) => Mem.Base(Context, offset - ContextBias);

    public static Mem X(int register) => Field(GuestContext.XOffset + (register * 8));

    public static Mem V(int register) => Field(GuestContext.VOffset + (register * 16));

    public static Mem HostGpr(int register) => Field(HostContext.GprOffset + (register * 8));

    public static Mem HostXmm(int register) => Field(HostContext.XmmOffset + (register * 16));

    public static Mem Operand(int index) => Field(HostContext.OperandOffset + (index * 16));

    public static Mem Spill(int slot) => Field(HostContext.SpillOffset + (slot * 16));

    /// <summary>A word of the entry of the fetch-side TLB whose offset in the table is in a register.</summary>
    public static Mem FetchSlot(Gpr index, int offset) => Mem.Index(Context, index, 1, GuestContext.FetchTlbOffset - ContextBias + offset);

    /// <summary>Guest register pinned to a host register, or −1.</summary>
    public static int GuestOfGpr(int host)
    {
        ReadOnlySpan<byte> pinned = PinnedX;
        for (int i = 0; i < pinned.Length; i++)
        {
            if (pinned[i] == host)
                return i;
        }

        return -1;
    }

    /// <summary>Guest vector register pinned to one of the host registers that every host has, or −1.</summary>
    public static int GuestOfXmm(int host)
    {
        ReadOnlySpan<byte> pinned = PinnedV;
        for (int i = 0; i < pinned.Length; i++)
        {
            if (pinned[i] == host)
                return i;
        }

        return -1;
    }
}
