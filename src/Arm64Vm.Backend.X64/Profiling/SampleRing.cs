using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Memory;

namespace Arm64Vm.Backend.X64.Profiling;

/// <summary>Samples of one thread: the signal handler on that thread adds, one reader takes. Full: samples are counted and dropped.</summary>
/// <remarks>SAFETY: owns the memory; it is disposed when no signal can lead here any more (<see cref="ThreadSamplers"/>).</remarks>
internal sealed unsafe class SampleRing : IDisposable
{
    /// <summary>A power of two.</summary>
    public const int Entries = 1024;
    public const int FirstEntry = 4096;
    public const int HeadOffset = 0;
    public const int TailOffset = 8;
    public const int CurrentOffset = 16;
    public const int DroppedOffset = 24;

    private readonly NativeMemoryRegion _memory = new(FirstEntry + (Entries * SampleEntry.SizeInBytes));

    [StructLayout(LayoutKind.Explicit)]
    private struct Header
    {
        [FieldOffset(HeadOffset)]
        public ulong Head;

        [FieldOffset(TailOffset)]
        public ulong Tail;

        [FieldOffset(CurrentOffset)]
        public SamplePoint* Current;

        [FieldOffset(DroppedOffset)]
        public ulong Dropped;
    }

    public delegate void Reader(in SampleEntry entry);

    public byte* Address => _memory.Address;

    /// <summary>Samples that found no room.</summary>
    public long Dropped => (long)Volatile.Read(ref Head->Dropped);

    /// <summary>The vCPU that the thread runs; null: none, and no sample is taken.</summary>
    public SamplePoint* Current
    {
        get => Head->Current;
        set => Volatile.Write(ref *(nint*)&Head->Current, (nint)value);
    }

    private Header* Head => (Header*)_memory.Address;

    /// <summary>Takes what is there. One thread at a time.</summary>
    public void Drain(Reader reader)
    {
        ulong head = Volatile.Read(ref Head->Head);
        for (ulong tail = Head->Tail; tail != head; tail++)
        {
            reader(*(SampleEntry*)(_memory.Address + FirstEntry + ((long)(tail & (Entries - 1)) * SampleEntry.SizeInBytes)));
            Volatile.Write(ref Head->Tail, tail + 1);
        }
    }

    public void Dispose() => _memory.Dispose();
}
