using System.Runtime.InteropServices;

namespace Arm64Vm.Backend.X64.Profiling;

/// <summary>One sample, as the signal handler writes it.</summary>
/// <remarks>SAFETY: plain data; readers keep to the lengths of its arrays.</remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeInBytes)]
internal unsafe struct SampleEntry
{
    public const int SizeInBytes = 512;
    public const int InstructionPointerOffset = 0;
    public const int TimestampOffset = 8;
    public const int OverrunOffset = 16;
    public const int PlaceOffset = 20;
    public const int PcPageOffset = 24;
    public const int PcOffset = 32;
    public const int FramePointerOffset = 40;
    public const int LinkOffset = 48;
    public const int SiteOffset = 56;
    public const int TableBaseOffset = 64;
    public const int ThreadOffset = 72;
    public const int ProcessorOffset = 80;
    public const int FrameCountOffset = 84;
    public const int HostStackOffset = 88;
    public const int FramesOffset = 104;
    public const int MaximumFrames = 48;
    public const int UpperTableBaseOffset = FramesOffset + (MaximumFrames * 8);

    /// <summary>Where the thread was, in host code.</summary>
    [FieldOffset(InstructionPointerOffset)]
    public ulong InstructionPointer;

    /// <summary>The host's time-stamp counter.</summary>
    [FieldOffset(TimestampOffset)]
    public ulong Timestamp;

    /// <summary>Further intervals that passed before the host let the thread take the signal.</summary>
    [FieldOffset(OverrunOffset)]
    public uint Overrun;

    [FieldOffset(PlaceOffset)]
    public SamplePlace Place;

    /// <summary>The guest page that code runs from, while it does.</summary>
    [FieldOffset(PcPageOffset)]
    public ulong PcPage;

    /// <summary>PC, while the run loop has control.</summary>
    [FieldOffset(PcOffset)]
    public ulong Pc;

    /// <summary>X30.</summary>
    [FieldOffset(LinkOffset)]
    public ulong Link;

    /// <summary>The guest instruction that is being served, where <see cref="Place"/> says that one is.</summary>
    [FieldOffset(SiteOffset)]
    public ulong Site;

    /// <summary>TTBR0_EL1.</summary>
    [FieldOffset(TableBaseOffset)]
    public ulong TableBase;

    /// <summary>SP_EL0 where it is not the stack in use: Linux keeps the current task there.</summary>
    [FieldOffset(ThreadOffset)]
    public ulong Thread;

    /// <summary>TTBR1_EL1, which may have the address space's identifier.</summary>
    [FieldOffset(UpperTableBaseOffset)]
    public ulong UpperTableBase;

    [FieldOffset(ProcessorOffset)]
    public int Processor;

    /// <summary>Return addresses at <see cref="Frames"/>.</summary>
    [FieldOffset(FrameCountOffset)]
    public int FrameCount;

    /// <summary>The two words at the top of the host stack: in shared routines one of them leads back to the unit.</summary>
    [FieldOffset(HostStackOffset)]
    public fixed ulong HostStack[2];

    /// <summary>Return addresses of frame records (AAPCS64 6.4.6), innermost first.</summary>
    [FieldOffset(FramesOffset)]
    public fixed ulong Frames[MaximumFrames];
}
