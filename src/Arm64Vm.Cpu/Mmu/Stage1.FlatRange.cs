namespace Arm64Vm.Cpu.Mmu;

/// <summary>How far a flat mapping reaches.</summary>
internal sealed unsafe partial class Stage1
{
    /// <summary>
    /// Finds the addresses around <paramref name="address"/> that are their own physical ones, in [physicalBase, physicalBase + size), as Normal memory that may be read.
    /// False where that one is not. Changes neither tables nor caches; the descriptors are those of this moment, as a TLB may take them at any time.
    /// </summary>
    /// <param name="address">Virtual; inside the range of physical addresses.</param>
    /// <param name="physicalBase">First address of interest.</param>
    /// <param name="size">Bytes of interest.</param>
    /// <param name="privileged">Who reads.</param>
    /// <param name="pan">PSTATE.PAN applies.</param>
    /// <param name="most">Descriptors to look at; the range ends where they do.</param>
    /// <param name="range">What was found.</param>
    public bool TryFindFlatRange(ulong address, ulong physicalBase, ulong size, bool privileged, bool pan, int most, out FlatRange range)
    {
        range = default;
        ulong end = physicalBase + size;
        if (!IsEnabled)
        {
            range.First = range.MappedFirst = physicalBase;
            range.Length = size;
            range.MappedLast = end - 1;
            return end >> _physicalBits == 0;
        }

        // Where hardware sets access flags, a translation may not be held before there was an access.
        if (_controls.HardwareAccessFlag || (_lower.DeniesUser && !privileged) || end >> _lower.InputBits != 0)
            return false;
        if (!TryWalkFlat(address, privileged, pan, ref range, out TlbEntry entry))
            return false;

        ulong first = entry.Virtual, behind = entry.Virtual + entry.Mask + 1;
        while (behind < end && range.Walks < most && TryWalkFlat(behind, privileged, pan, ref range, out entry))
            behind += entry.Mask + 1;
        while (first > physicalBase && range.Walks < most && TryWalkFlat(first - 1, privileged, pan, ref range, out entry))
            first = entry.Virtual;
        range.MappedFirst = first;
        range.MappedLast = behind - 1;
        range.First = Math.Max(first, physicalBase);
        range.Length = Math.Min(behind, end) - range.First;
        return true;
    }

    private bool TryWalkFlat(ulong address, bool privileged, bool pan, ref FlatRange range, out TlbEntry entry)
    {
        range.Walks++;
        int fault = _walker.Walk(_lower, _controls, address, AccessType.Read, privileged, pan, markAccess: false, out entry);
        if (fault != FaultStatus.None || entry.IsDevice || entry.Physical != entry.Virtual)
            return false;
        range.IsNonGlobal |= entry.IsNonGlobal;
        return true;
    }
}
