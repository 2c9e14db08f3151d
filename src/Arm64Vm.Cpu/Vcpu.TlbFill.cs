using Arm64Vm.Cpu.Memory;
using Arm64Vm.Cpu.Mmu;

namespace Arm64Vm.Cpu;

/// <summary>What an access that the inline TLB did not have leaves in it: its own page, for stores too where they may follow, and pages ahead of one that goes upwards.</summary>
/// <remarks>
/// An exit costs as much as filling dozens of entries. A page that is read first is mostly written as well; memory that is cleared or copied is gone through page by page,
/// and firmware and kernels map it in blocks, so that the next pages' translation is known without a walk.
/// SAFETY: pages ahead are inside the block, whose physical addresses follow one another, and inside the region, whose host addresses do (<see cref="BytesAhead"/>).
/// </remarks>
internal sealed unsafe partial class Vcpu
{
    /// <summary>Pages are filled ahead up to a multiple of this: what <see cref="RamPopulation"/> makes present at once.</summary>
    private const ulong AheadBytes = 1UL << RamPopulation.StretchBits;

    /// <summary>An access translated to memory of the host.</summary>
    /// <param name="physical">Its address.</param>
    /// <param name="host">Where that is.</param>
    /// <param name="available">Bytes from there to the end of the region.</param>
    /// <param name="isWritable">Stores may go to the host's memory as well.</param>
    private readonly ref struct Place(ulong physical, byte* host, ulong available, bool isWritable)
    {
        public readonly ulong Physical = physical;
        public readonly byte* Host = host;
        public readonly ulong Available = available;
        public readonly bool IsWritable = isWritable;
    }

    private void FillInline(ulong address, AccessType access, bool privileged, bool pan, in TlbEntry entry, in Place place)
    {
        int index = privileged ? MmuIndex : 0;
        bool mayWrite = place.IsWritable && _stage1.MayWrite(entry, privileged, pan);
        bool goesOn = _stage1.Inline.Find(index, access == AccessType.Write, address - (PageMask + 1)) != null;
        ulong bytes = goesOn ? BytesAhead(address, entry, place) : 1;
        ulong physical = place.Physical & ~PageMask;
        byte* page = place.Host - (place.Physical & PageMask);
        ulong first = address & ~PageMask;

        // The page itself last: it is the one that must be found.
        for (ulong offset = (bytes - 1) & ~PageMask; ; offset -= PageMask + 1)
        {
            _stage1.Inline.Fill(index, write: false, first + offset, page + offset, entry.IsNonGlobal);
            if (mayWrite && !_memory.HasCode(physical + offset))
                _stage1.Inline.Fill(index, write: true, first + offset, page + offset, entry.IsNonGlobal);
            if (offset == 0)
                break;
        }
    }

    /// <summary>How many bytes from the beginning of the page on have the same translation, up to a multiple of <see cref="AheadBytes"/>; 1 where only the page is known.</summary>
    private ulong BytesAhead(ulong address, in TlbEntry entry, in Place place)
    {
        if (_comparators.HasWatchpoints || _debugger.Points.HasWatchpoints)
            return 1;
        ulong physical = place.Physical & ~PageMask;
        ulong end = (physical | (AheadBytes - 1)) + 1;
        ulong bytes = Math.Min(end - physical, (place.Available + (place.Physical & PageMask)) & ~PageMask);
        if (!_stage1.IsEnabled)
            return Math.Max(bytes, 1);
        ulong block = entry.Mask + 1;
        return Math.Max(Math.Min(bytes, block - (address & entry.Mask & ~PageMask)), 1);
    }
}
