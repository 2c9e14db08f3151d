using System.Runtime.InteropServices;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>This back end's part of a <see cref="GuestContext"/>: a view of the same memory, whose fields lie in what the context leaves to back ends.</summary>
[StructLayout(LayoutKind.Explicit)]
internal unsafe struct HostContext
{
    // The first three are in reach of an 8-bit displacement.
    public const int FlagsOffset = GuestContext.BackEndWordsOffset;
    public const int CodeBaseOffset = GuestContext.BackEndWordsOffset + 0x04;
    public const int ReturnStackLimitOffset = GuestContext.BackEndWordsOffset + 0x0C;
    public const int ReturnStackOffset = GuestContext.BackEndWordsOffset + 0x14;
    public const int ReturnStackBaseOffset = GuestContext.BackEndWordsOffset + 0x1C;
    public const int StackPointerOffset = GuestContext.BackEndWordsOffset + 0x24;
    public const int EntryOffset = GuestContext.BackEndWordsOffset + 0x2C;
    public const int ModeOffset = GuestContext.BackEndWordsOffset + 0x34;

    public const int GprOffset = GuestContext.BackEndAreaOffset;
    public const int XmmOffset = GuestContext.BackEndAreaOffset + 0x080;
    public const int SaturationOffset = GuestContext.BackEndAreaOffset + 0x180;
    public const int OperandOffset = GuestContext.BackEndAreaOffset + 0x190;

    /// <summary>Slots of 16 bytes for values that have no register.</summary>
    public const int SpillOffset = GuestContext.BackEndAreaOffset + 0x1D0;
    public const int SpillSlots = 128;

    /// <summary>NZCV while emitted code runs, in the form of <see cref="HostFlags"/>.</summary>
    [FieldOffset(FlagsOffset)]
    public uint Flags;

    /// <summary>Host address that code offsets in dense tables count from.</summary>
    [FieldOffset(CodeBaseOffset)]
    public ulong CodeBase;

    /// <summary>Below this the return stack is emptied before a call.</summary>
    [FieldOffset(ReturnStackLimitOffset)]
    public ulong ReturnStackLimit;

    /// <summary>Top of the stack of predicted returns.</summary>
    [FieldOffset(ReturnStackOffset)]
    public ulong ReturnStack;

    /// <summary>The return stack when empty.</summary>
    [FieldOffset(ReturnStackBaseOffset)]
    public ulong ReturnStackBase;

    /// <summary>The host thread's stack pointer while guest code runs.</summary>
    [FieldOffset(StackPointerOffset)]
    public ulong StackPointer;

    /// <summary>Host address to enter at.</summary>
    [FieldOffset(EntryOffset)]
    public ulong Entry;

    /// <summary>MXCSR for the current FPCR, with the exceptions since FPSR was brought up to date.</summary>
    [FieldOffset(ModeOffset)]
    public uint Mode;

    /// <summary>Scratch host registers across a resumable exit, by host register number.</summary>
    [FieldOffset(GprOffset)]
    public fixed ulong Gpr[16];

    /// <summary>Scratch host vector registers across a resumable exit, by host register number.</summary>
    [FieldOffset(XmmOffset)]
    public fixed ulong Xmm[32];

    /// <summary>Not zero: a saturation happened (to be folded into FPSR.QC).</summary>
    [FieldOffset(SaturationOffset)]
    public fixed ulong Saturation[2];

    /// <summary>Operands of an operation that is evaluated outside emitted code.</summary>
    [FieldOffset(OperandOffset)]
    public fixed ulong Operand[8];

    /// <summary>The view of a context.</summary>
    /// <remarks>SAFETY: valid as long as <paramref name="context"/> is; only this back end runs it.</remarks>
    public static HostContext* Of(GuestContext* context) => (HostContext*)context;
}
