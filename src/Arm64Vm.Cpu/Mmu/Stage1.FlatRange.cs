namespace Arm64Vm.Cpu.Mmu;

/// <summary>How far a flat mapping reaches.</summary>
internal sealed unsafe partial class Stage1
{
    /// <summary>Of the bytes that are mapped flat, one part in so many may lie outside the range.</summary>
    private const int MostOutside = 8;

    /// <summary>
    /// Finds the addresses around <paramref name="address"/> that are their own physical ones, in [physicalBase, physicalBase + size), as Normal memory that may be read.
    /// False where that one is not, where much else is that the range does not reach, or where to find out takes more than <paramref name="most"/> descriptors.
    /// Changes neither tables nor caches; the descriptors are those of this moment, as a TLB may take them at any time.
    /// </summary>
    /// <param name="address">Virtual; inside the range of physical addresses.</param>
    /// <param name="physicalBase">First address of interest.</param>
    /// <param name="size">Bytes of interest.</param>
    /// <param name="privileged">Who reads.</param>
    /// <param name="pan">PSTATE.PAN applies.</param>
    /// <param name="most">Descriptors to look at.</param>
    /// <param name="range">What was found.</param>
    public bool TryFindFlatRange(ulong address, ulong physicalBase, ulong size, bool privileged, bool pan, int most, out FlatRange range)
    {
        range = default;
        ulong end = physicalBase + size;
        if (!IsEnabled)
        {
            range = new FlatRange { First = physicalBase, Length = size, MappedFirst = physicalBase, MappedLast = end - 1 };
            return end >> _physicalBits == 0;
        }

        // Where hardware sets access flags, a translation may not be held before there was an access.
        if (_controls.HardwareAccessFlag || (_lower.DeniesUser && !privileged) || end >> _lower.InputBits != 0)
            return false;

        ulong total = 0;
        bool isFlat = false;
        FlatRange run = default;
        for (ulong at = physicalBase, next; at < end; at = next)
        {
            if (--most < 0)
                return false;
            int fault = _walker.Walk(_lower, _controls, at, AccessType.Read, privileged, pan, markAccess: false, out TlbEntry entry);

            // A fault's status ends in the level at which the walk did.
            int shift = fault == FaultStatus.None ? entry.SizeLog2 : _lower.GranuleBits + ((_lower.GranuleBits - 3) * (3 - (fault & 3)));
            next = (at >> shift << shift) + (1UL << shift);
            bool wasFlat = isFlat;
            isFlat = fault == FaultStatus.None && !entry.IsDevice && entry.Physical == entry.Virtual;
            if (!isFlat)
                continue;
            if (!wasFlat)
                run = new FlatRange { MappedFirst = entry.Virtual };
            run.MappedLast = next - 1;
            run.IsNonGlobal |= entry.IsNonGlobal;
            total += Math.Min(next, end) - at;
            if (run.MappedFirst <= address && address <= run.MappedLast)
                range = run;
        }

        if (range.MappedLast == 0)
            return false;
        range.First = Math.Max(range.MappedFirst, physicalBase);
        range.Length = Math.Min(range.MappedLast + 1, end) - range.First;
        return range.Length >= total - (total / MostOutside);
    }
}
