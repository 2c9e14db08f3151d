using System.Runtime.InteropServices;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>What a resumable exit asks the run loop to do.</summary>
internal enum SlowKind : byte
{
    Load,
    Store,
    LoadPair,
    StorePair,
    LoadExclusive,
    StoreExclusive,
    Atomic,
    CompareSwap,
    ZeroBlock,
    ReadSystem,
    WriteSystem,
    SystemOperation,
    WritePState,
    MemoryCopySet,
    PointerAuth,
    Pure,

    /// <summary>DSB while TLB invalidations may be under way on other processors. In its low four bits no access to memory (<see cref="MemoryRecord.Is"/>).</summary>
    CompleteInvalidations = 0x1F,
}

/// <summary>The record that follows the call to a slow-exit stub in the code; execution resumes behind it.</summary>
/// <remarks>
/// The virtual address of a memory access is in <see cref="ExitRecord.Address"/>. Register numbers are host registers;
/// pinned ones are found in the guest's register file, the others in the context's save area.
/// </remarks>
[StructLayout(LayoutKind.Sequential, Size = SizeInBytes)]
internal struct SlowDescriptor
{
    public const int SizeInBytes = 16;
    public const byte NoRegister = 0xFF;

    /// <summary>Of <see cref="Index"/>.</summary>
    public const int IndexOffset = 12;

    public SlowKind Kind;

    /// <summary>Bytes of the access.</summary>
    public byte Size;

    /// <summary>MemoryFlags, AtomicOperation, PSTATE CRm, or PointerAuthentication.</summary>
    public byte Aux;

    public IrType Type;
    public byte Destination;
    public byte Destination2;
    public byte Source;
    public byte Source2;

    /// <summary>Offset of the guest instruction in its page.</summary>
    public ushort Pc;

    public ushort Reserved;

    /// <summary>System register encoding, pure operation index, or link site index.</summary>
    public uint Index;
}
