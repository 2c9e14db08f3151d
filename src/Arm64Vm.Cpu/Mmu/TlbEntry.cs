namespace Arm64Vm.Cpu.Mmu;

/// <summary>What an access wants to do with a page.</summary>
internal enum AccessType : byte
{
    Read,
    Write,
    Execute,
}

/// <summary>Who may do what, after AP, APTable, UXN, PXN and WXN and before PAN (Arm ARM D8.4).</summary>
[Flags]
internal enum PagePermissions : byte
{
    None = 0,
    UserRead = 1,
    UserWrite = 2,
    UserExecute = 4,
    PrivilegedRead = 8,
    PrivilegedWrite = 16,
    PrivilegedExecute = 32,
    All = 63,
}

[Flags]
internal enum TlbEntryFlags : byte
{
    None = 0,
    Valid = 1,

    /// <summary>Belongs to one ASID (nG).</summary>
    NonGlobal = 2,

    /// <summary>GP: branch targets are checked.</summary>
    Guarded = 4,

    /// <summary>Writable, but the first write must clear AP[2] in the descriptor (DBM).</summary>
    Clean = 8,
}

/// <summary>One translation: the result of a walk, and what the second-level TLB holds.</summary>
internal struct TlbEntry
{
    /// <summary>First virtual address, sign-extended from bit 55.</summary>
    public ulong Virtual;

    /// <summary>First physical address.</summary>
    public ulong Physical;

    /// <summary>The ASID's generation at the time of the walk.</summary>
    public uint Stamp;

    public ushort Asid;

    /// <summary>log2 of the bytes covered.</summary>
    public byte SizeLog2;

    /// <summary>Level of the descriptor, reported by permission faults.</summary>
    public byte Level;

    /// <summary>The byte of MAIR_EL1.</summary>
    public byte Attribute;

    /// <summary>SH[1:0] of the descriptor.</summary>
    public byte Shareability;

    public PagePermissions Permissions;

    public TlbEntryFlags Flags;

    /// <summary>Device memory of any kind (MAIR attribute 0b0000xxxx).</summary>
    public readonly bool IsDevice => (Attribute & 0xF0) == 0;

    public readonly bool IsNonGlobal => (Flags & TlbEntryFlags.NonGlobal) != 0;

    public readonly ulong Mask => (1UL << SizeLog2) - 1;

    /// <summary>Whether the access is allowed (Arm ARM D8.4.1, AArch64.S1CheckPermissions).</summary>
    public readonly bool Allows(AccessType access, bool privileged, bool pan, bool enhancedPan)
    {
        PagePermissions wanted = access switch
        {
            AccessType.Read => privileged ? PagePermissions.PrivilegedRead : PagePermissions.UserRead,
            AccessType.Write => privileged ? PagePermissions.PrivilegedWrite : PagePermissions.UserWrite,
            _ => privileged ? PagePermissions.PrivilegedExecute : PagePermissions.UserExecute,
        };
        if ((Permissions & wanted) == 0)
            return false;
        if (!pan || !privileged || access == AccessType.Execute)
            return true;
        return (Permissions & (enhancedPan ? PagePermissions.UserRead | PagePermissions.UserExecute : PagePermissions.UserRead)) == 0;
    }
}
