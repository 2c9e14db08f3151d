namespace Arm64Vm.Cpu.Debugging;

/// <summary>One pair DBGBVRn_EL1, DBGBCRn_EL1, decoded (Arm ARM D2.8, D24.3.2).</summary>
internal readonly struct Breakpoint
{
    private const int LinkedFlag = 1;
    private const ulong AddressBits = ~3UL;

    /// <param name="value">DBGBVRn_EL1.</param>
    /// <param name="control">DBGBCRn_EL1.</param>
    public Breakpoint(ulong value, ulong control)
    {
        IsEnabled = (control & 1) != 0;
        Value = value;
        Levels = DebugLevels.Decode(control);
        Kind = (BreakpointKind)((control >> 20) & 15);
        Link = (int)((control >> 16) & 15);
    }

    public bool IsEnabled { get; }

    /// <summary>Bit n: exceptions from ELn.</summary>
    public int Levels { get; }

    public BreakpointKind Kind { get; }

    /// <summary>Number of the context breakpoint that a linked one also needs.</summary>
    public int Link { get; }

    public bool IsLinked => ((int)Kind & LinkedFlag) != 0;

    public ulong Value { get; }

    /// <summary>Address as compared: word aligned, sign-extended from bit 55.</summary>
    public ulong Address => Mmu.PageWalker.SignExtend(Value) & AddressBits;

    public uint ContextId => (uint)Value;
}

/// <summary>DBGBCRn_EL1.BT; the kinds that need EL2 or AArch32 are reserved here and never match.</summary>
internal enum BreakpointKind
{
    Address = 0,
    LinkedAddress = 1,
    Context = 2,
    LinkedContext = 3,
}

/// <summary>SSC, HMC and PMC (or PAC) of a control register, for a processor with only Non-secure EL0 and EL1.</summary>
internal static class DebugLevels
{
    /// <summary>Bit n: matches at ELn. PMC is at 2:1: bit 0 is EL1, bit 1 EL0; SSC (15:14) 2 and 3 are Secure state; HMC (13) with PMC 2 is reserved.</summary>
    public static int Decode(ulong control)
    {
        int mode = (int)(control >> 1) & 3;
        bool higher = ((control >> 13) & 1) != 0;
        bool secureOnly = ((control >> 15) & 1) != 0;
        if (secureOnly || (higher && mode == 2))
            return 0;
        return (mode & 1) << 1 | mode >> 1;
    }
}
