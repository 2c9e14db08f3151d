using Arm64Vm.Backend.X64.Profiling;
using Arm64Vm.Ir;
using Arm64Vm.Translation.Profiling;

namespace Arm64Vm.Translation.Jit;

/// <summary>What a recording wants to know of translations.</summary>
internal sealed unsafe partial class JitExecutor
{
    private long profiledSince;
    private ProfiledBlock profiledUnit;

    /// <summary>The vCPU's part in a recording; null: none is on. Changed only while the vCPU does not run.</summary>
    public ProcessorProfile? Profile
    {
        get => profile;
        set
        {
            profile = value;
            compiler.Map = value is null ? null : new HostMap();
            compiler.Counters = 0;
            compiler.CountersAreShared = value is not { Blocks.Processors: 1 };
            translator.UnrollsLoops = value is not { Blocks.Counts: true };
        }
    }

    private void BeginProfiledUnit()
    {
        if (profile is null)
            return;
        profile.Place = SamplePlace.Translate;
        profiledSince = profile.Blocks.Now;
        compiler.Counters = profile.Blocks.NewCounter();
    }

    /// <summary>What a recording keeps of the unit that was compiled for <paramref name="pc"/>; empty without one.</summary>
    private RecordedUnit DescribeUnit(CodeTable* table, ulong pc, in UnitDraft draft)
    {
        if (profile is null)
            return default;
        profiledUnit = new ProfiledBlock
        {
            VirtualAddress = pc,
            PhysicalAddress = table->Page->PhysicalPage + (ulong)draft.PageOffset,
            Mode = table->Mode,
            Space = profile.ProcessOf(pc),
            CodeOffset = writer.Position,
            HostSize = draft.CodeSize,
            HotSize = draft.HotSize,
            ColdOffset = writer.ColdOffsetOf(draft),
            GuestInstructions = region.GuestInstructions,
            IrInstructions = region.Count - 1,
            Counter = compiler.Counters,
            Spills = compiler.Spills,
            FlagStores = compiler.FlagStores,
            Accesses = profile.Blocks.Counts ? CountAccesses() : 0,
            Processor = profile.Processor,
            MadeAt = profiledSince,
        };
        return new RecordedUnit(profiledUnit, new ReadOnlySpan<byte>(table->Host + draft.PageOffset, draft.GuestSize), compiler.Map!.Entries, compiler.Crossings);
    }

    /// <summary>A unit whose code was put at <paramref name="place"/> is reachable, unless another vCPU was quicker.</summary>
    private void EndProfiledUnit(int unit, int place)
    {
        if (profile is null)
            return;
        profile.Place = SamplePlace.RunLoop;
        if (unit >= 0 && cache.Unit(unit).CodeOffset == place)
            profile.Blocks.SetMakingTime(cache.Unit(unit).Recorded, profile.Blocks.Now - profiledSince);
    }

    private int CountAccesses()
    {
        int accesses = 0;
        foreach (ref readonly IrInst inst in region.Instructions)
        {
            if (IrOps.IsMemory(inst.Op) && inst.Op != IrOp.CheckStack)
                accesses++;
        }

        return accesses;
    }
}
