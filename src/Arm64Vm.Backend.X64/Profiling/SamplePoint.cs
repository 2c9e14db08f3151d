using System.Runtime.InteropServices;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Profiling;

/// <summary>What a vCPU's thread is doing while it is not in emitted code.</summary>
internal enum SamplePlace : uint
{
    RunLoop,
    Translate,
    Mmu,
    Devices,
}

/// <summary>What the signal handler finds out about a vCPU: where it is, and its context. In memory that does not move.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal unsafe struct SamplePoint
{
    public const int PlaceOffset = 0;
    public const int ProcessorOffset = 4;
    public const int ContextOffset = 8;
    public const int SiteOffset = 16;

    [FieldOffset(PlaceOffset)]
    public SamplePlace Place;

    [FieldOffset(ProcessorOffset)]
    public int Processor;

    // SAFETY: outlives every thread's use of the point.
    [FieldOffset(ContextOffset)]
    public GuestContext* Context;

    /// <summary>Virtual address of the guest instruction that is being served.</summary>
    [FieldOffset(SiteOffset)]
    public ulong Site;
}
