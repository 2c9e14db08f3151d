using Arm64Vm.Ir;

namespace Arm64Vm.Translation;

/// <summary>Puts the counting of a unit's branches, loads and stores into its code: all at its beginning, but for what only its end decides.</summary>
/// <remarks>Exact where the unit runs to its end; one that faults has counted what is behind the fault as well, as with instructions.</remarks>
internal struct EventTally
{
    private readonly IrBuilder builder;
    private readonly bool isOn;
    private readonly IrValue branchCount;
    private readonly IrValue immediateCount;
    private readonly IrValue returnCount;
    private readonly IrValue loadCount;
    private readonly IrValue storeCount;
    private int loads;
    private int stores;

    /// <summary>At the beginning of the only block.</summary>
    public EventTally(IrBuilder builder, bool isOn)
    {
        this.builder = builder;
        this.isOn = isOn;
        if (!isOn)
            return;
        branchCount = builder.Count(CodeEvent.Branches);
        immediateCount = builder.Count(CodeEvent.ImmediateBranches);
        returnCount = builder.Count(CodeEvent.Returns);
        loadCount = builder.Count(CodeEvent.Loads);
        storeCount = builder.Count(CodeEvent.Stores);
    }

    /// <summary>An instruction of the unit.</summary>
    public void Note(uint word)
    {
        if (!isOn)
            return;
        (bool isLoad, bool isStore) = MemoryInstruction.Of(word);
        loads += isLoad ? 1 : 0;
        stores += isStore ? 1 : 0;
    }

    /// <summary>The unit ends with an instruction, whose terminator has been appended.</summary>
    public readonly void Finish(uint last)
    {
        if (!isOn)
            return;
        builder.SetCount(loadCount, loads);
        builder.SetCount(storeCount, stores);

        // Arm ARM C4.1: conditional; unconditional by register but for ERET and DRPS; B and BL; compare or test and branch.
        bool isConditional = last >> 24 == 0x54 || (last & 0x7C00_0000) == 0x3400_0000;
        bool isImmediate = isConditional || (last & 0x7C00_0000) == 0x1400_0000;
        bool isRegister = (last & 0xFE00_0000) == 0xD600_0000 && ((last >> 21) & 15) is not (4 or 5);
        if (!isImmediate && !isRegister)
            return;
        builder.SetCount(branchCount, 1);
        builder.SetCount(immediateCount, isImmediate ? 1 : 0);
        builder.SetCount(returnCount, isRegister && ((last >> 21) & 7) == 2 ? 1 : 0);
        builder.CountTaken(isConditional);
    }
}
