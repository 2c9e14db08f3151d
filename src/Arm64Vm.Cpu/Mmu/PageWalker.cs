using Arm64Vm.Cpu.Memory;

namespace Arm64Vm.Cpu.Mmu;

/// <summary>What the walker needs to know of the regime besides the half.</summary>
internal struct WalkControls
{
    public ulong Mair;

    /// <summary>Bits of output address, from TCR_EL1.IPS and the implemented size.</summary>
    public int OutputBits;
    public ushort Asid;
    public bool HardwareAccessFlag;
    public bool HardwareDirty;
    public bool WriteExecuteNever;

    /// <summary>SCTLR_EL1.EPAN.</summary>
    public bool EnhancedPan;
}

/// <summary>Walks stage 1 tables (Arm ARM D8.2, D8.3).</summary>
internal sealed unsafe class PageWalker(PhysicalMemory memory)
{
    private const ulong OutputMask = 0x0000_FFFF_FFFF_F000;
    private const ulong AccessFlag = 1UL << 10;
    private const ulong ReadOnly = 1UL << 7;
    private const ulong DirtyModifier = 1UL << 51;
    private const ulong TableUserExecuteNever = 1UL << 60;
    private const ulong TablePrivilegedExecuteNever = 1UL << 59;
    private const ulong TableNoUser = 1UL << 61;
    private const ulong TableReadOnly = 1UL << 62;

    /// <summary>
    /// Translates the page around <paramref name="address"/>, which is known to be inside the half's input range.
    /// <paramref name="markAccess"/> lets hardware set the access flag and the dirty state; false for probes.
    /// </summary>
    /// <returns><see cref="FaultStatus.None"/>, or the status with its level.</returns>
    public int Walk(in RegimeHalf half, in WalkControls controls, ulong address, AccessType access, bool privileged, bool pan, bool markAccess, out TlbEntry entry)
    {
        entry = default;
        if (half.Disabled)
            return FaultStatus.Translation;
        if (half.Table >> controls.OutputBits != 0)
            return FaultStatus.AddressSize;

        int stride = half.GranuleBits - 3;
        ulong granuleMask = (1UL << half.GranuleBits) - 1;
        ulong input = address & ((1UL << half.InputBits) - 1);
        ulong table = half.Table;
        ulong inherited = 0;

        for (int level = half.StartLevel; ; level++)
        {
            int shift = half.GranuleBits + (stride * (3 - level));
            ulong index = input >> shift;
            if (level != half.StartLevel)
                index &= (1UL << stride) - 1;

            // SAFETY: Resolve answers for 8 bytes; the address is 8-byte aligned, so the read is single-copy atomic.
            ulong place = table + (index * 8);
            ulong* slot = (ulong*)memory.Resolve(place, 8, out bool writable);
            if (slot == null)
                return FaultStatus.ExternalAbortOnWalk + level;
            ulong descriptor = Volatile.Read(ref *slot);

            bool isLeafForm = level == 3 ? (descriptor & 3) == 3 : (descriptor & 3) == 1;
            if ((descriptor & 1) == 0 || (level == 3 && !isLeafForm) || (isLeafForm && !LeafAllowed(half.GranuleBits, level)))
                return FaultStatus.Translation + level;

            ulong output = descriptor & OutputMask & ~granuleMask;
            if (output >> controls.OutputBits != 0)
                return FaultStatus.AddressSize + level;

            if (!isLeafForm)
            {
                if (!half.IgnoresTableAttributes)
                    inherited |= descriptor & (TableUserExecuteNever | TablePrivilegedExecuteNever | TableNoUser | TableReadOnly);
                table = output;
                continue;
            }

            if ((descriptor & AccessFlag) == 0 && !controls.HardwareAccessFlag)
                return FaultStatus.AccessFlag + level;

            bool dirtyManaged = controls.HardwareDirty && (descriptor & DirtyModifier) != 0;
            ulong effective = dirtyManaged ? descriptor & ~ReadOnly : descriptor;
            entry = new TlbEntry
            {
                SizeLog2 = (byte)shift,
                Level = (byte)level,
                Virtual = SignExtend(address) & ~((1UL << shift) - 1),
                Physical = output & ~((1UL << shift) - 1),
                Asid = controls.Asid,
                Attribute = (byte)(controls.Mair >> (int)((descriptor >> 2) & 7) * 8),
                Shareability = (byte)((descriptor >> 8) & 3),
                Permissions = Permissions(effective, inherited, controls.WriteExecuteNever),
                Flags = TlbEntryFlags.Valid
                    | ((descriptor & (1UL << 11)) != 0 ? TlbEntryFlags.NonGlobal : 0)
                    | ((descriptor & (1UL << 50)) != 0 ? TlbEntryFlags.Guarded : 0)
                    | (dirtyManaged && (descriptor & ReadOnly) != 0 ? TlbEntryFlags.Clean : 0),
            };

            bool allowed = entry.Allows(access, privileged, pan, controls.EnhancedPan);
            if (markAccess)
            {
                ulong updated = descriptor | (controls.HardwareAccessFlag ? AccessFlag : 0);
                if (allowed && access == AccessType.Write && (entry.Flags & TlbEntryFlags.Clean) != 0)
                    updated &= ~ReadOnly;
                if (updated != descriptor)
                {
                    if (!writable)
                        return FaultStatus.ExternalAbortOnWalk + level;

                    // Someone changed the descriptor meanwhile: look at it again. A guest cannot keep this going on its own,
                    // since every round observes another processor's store.
                    if (Interlocked.CompareExchange(ref *slot, updated, descriptor) != descriptor)
                    {
                        level--;
                        continue;
                    }

                    // A descriptor is memory like any other: it may have been translated as code, by any processor.
                    memory.NotifyChanged(place, sizeof(ulong));
                    if ((updated & ReadOnly) == 0)
                        entry.Flags &= ~TlbEntryFlags.Clean;
                }
            }

            return allowed ? FaultStatus.None : FaultStatus.Permission + level;
        }
    }

    /// <summary>Sign-extends an address from bit 55: a tag byte carries no information for translation.</summary>
    public static ulong SignExtend(ulong address) => (ulong)((long)(address << 8) >> 8);

    /// <summary>Block descriptors exist at level 1 for 4 KiB granules and at level 2 for all (without 52-bit addresses).</summary>
    private static bool LeafAllowed(int granuleBits, int level) => level >= 2 || (level == 1 && granuleBits == 12);

    private static PagePermissions Permissions(ulong descriptor, ulong inherited, bool writeExecuteNever)
    {
        bool user = (descriptor & (1UL << 6)) != 0 && (inherited & TableNoUser) == 0;
        bool writable = (descriptor & ReadOnly) == 0 && (inherited & TableReadOnly) == 0;
        bool userExecute = (descriptor & (1UL << 54)) == 0 && (inherited & TableUserExecuteNever) == 0;

        // Memory that EL0 may write is never executable at EL1 (Arm ARM D8.4.1.2.3).
        bool privilegedExecute = (descriptor & (1UL << 53)) == 0 && (inherited & TablePrivilegedExecuteNever) == 0 && !(user && writable);
        if (writeExecuteNever && writable)
        {
            privilegedExecute = false;
            userExecute &= !user;
        }

        return PagePermissions.PrivilegedRead
            | (writable ? PagePermissions.PrivilegedWrite : 0)
            | (privilegedExecute ? PagePermissions.PrivilegedExecute : 0)
            | (user ? PagePermissions.UserRead : 0)
            | (user && writable ? PagePermissions.UserWrite : 0)
            | (userExecute ? PagePermissions.UserExecute : 0);
    }
}
