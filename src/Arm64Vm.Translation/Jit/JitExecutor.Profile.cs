using Arm64Vm.Backend.X64.Profiling;
using Arm64Vm.Ir;
using Arm64Vm.Translation.Profiling;

namespace Arm64Vm.Translation.Jit;

/// <summary>What a recording wants to know of translations.</summary>
internal sealed unsafe partial class JitExecutor
{
    private long profiledSince;

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

    /// <summary>A unit was compiled for <paramref name="pc"/> at a place in the code buffer; another vCPU's may have been there first.</summary>
    private void EndProfiledUnit(GuestContext* context, ulong pc, int unit, int place)
    {
        if (profile is null)
            return;
        profile.Place = SamplePlace.RunLoop;
        if (unit < 0)
            return;
        ref readonly TranslationUnit made = ref cache.Unit(unit);
        if (made.CodeOffset != place)
            return;
        long now = profile.Blocks.Now;
        byte* guest = ((CodeTable*)made.Table)->Host + (pc & 0xFFF);
        profile.Blocks.Add(
            new ProfiledBlock
            {
                VirtualAddress = pc,
                PhysicalAddress = made.PhysicalAddress,
                Mode = made.Mode,
                Space = profile.ProcessOf(pc),
                CodeOffset = made.CodeOffset,
                HostSize = made.CodeSize,
                HotSize = compiler.HotSize,
                GuestInstructions = region.GuestInstructions,
                IrInstructions = region.Count - 1,
                Counter = compiler.Counters,
                Spills = compiler.Spills,
                FlagStores = compiler.FlagStores,
                Accesses = profile.Blocks.Counts ? CountAccesses() : 0,
                Processor = profile.Processor,
                MadeAt = profiledSince,
                MakingTime = now - profiledSince,
            },
            new ReadOnlySpan<byte>(guest, made.GuestSize),
            compiler.Map!.Entries);
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
