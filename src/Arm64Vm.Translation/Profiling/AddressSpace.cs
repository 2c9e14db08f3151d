namespace Arm64Vm.Translation.Profiling;

/// <summary>An address space of the lower half as one number: its table (TTBR0_EL1.BADDR) and its ASID, since tables' pages are used again by later processes.</summary>
internal static class AddressSpace
{
    private const ulong TableMask = 0x0000_FFFF_FFFF_F000;
    private const int AsidShift = 48;

    /// <summary>The ASID is in one of the two registers (TCR_EL1.A1); the other one has zeros there.</summary>
    public static ulong Key(ulong translationBase0, ulong translationBase1)
    {
        ulong asid = translationBase0 >> AsidShift;
        return (translationBase0 & TableMask) | ((asid != 0 ? asid : translationBase1 >> AsidShift) << AsidShift);
    }

    /// <summary>The same table with the other ASID of a pair that differs in the lowest bit.</summary>
    public static ulong Other(ulong key) => key ^ (1UL << AsidShift);

    /// <summary>Physical address of the table; 0: none.</summary>
    public static ulong TableOf(ulong key) => key & TableMask;

    public static int AsidOf(ulong key) => (int)(key >> AsidShift);
}
