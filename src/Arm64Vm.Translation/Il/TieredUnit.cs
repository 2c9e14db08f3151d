using Arm64Vm.Backend.Il;
using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Il;

/// <summary>A block of guest code: its IR, which the interpreter runs and regions are made of, and the region compiled for its entry once it is hot.</summary>
internal sealed class TieredUnit : IlUnit
{
    public TieredUnit(IlHost host, ulong physicalAddress, TranslationMode mode, IrRegion region)
        : base(host)
    {
        PhysicalAddress = physicalAddress;
        Mode = mode;
        Instructions = region.Instructions.ToArray();
        Blocks = region.Blocks.ToArray();
        GuestInstructions = region.GuestInstructions;
        Start = region.DependencyStart;
        End = region.DependencyEnd;
        foreach (ref readonly IrInst inst in Instructions.AsSpan(1))
        {
            ChangesProcessor |= inst.Op is IrOp.WriteSystem or IrOp.WritePState or IrOp.SystemOperation
                || (inst.Op == IrOp.Barrier && (BarrierKind)inst.Aux == BarrierKind.Completion);
        }
    }

    /// <summary>The careful form of a unit: it has code only, and lives as long as the unit.</summary>
    public TieredUnit(TieredUnit unit)
        : base(unit.Host)
    {
        Main = unit;
        PhysicalAddress = unit.PhysicalAddress;
        Mode = unit.Mode;
        Instructions = [];
        Blocks = [];
    }

    /// <summary>The unit that this one is the careful form of, or null.</summary>
    public TieredUnit? Main { get; }

    /// <summary>The careful form was asked for.</summary>
    public bool IsCarefulFormQueued { get; set; }

    /// <summary>When a batch of exits because of floating point began, in milliseconds of the host.</summary>
    public long RareSince { get; set; }

    public ulong PhysicalAddress { get; }

    public ulong Page => PhysicalAddress & ~0xFFFUL;

    public TranslationMode Mode { get; }

    public IrInst[] Instructions { get; }

    public IrBlock[] Blocks { get; }

    public int GuestInstructions { get; }

    /// <summary>What follows must be fetched: mode or mappings may be others.</summary>
    public bool ChangesProcessor { get; }

    /// <summary>Offsets in the page of the first byte and behind the last that the code depends on.</summary>
    public int Start { get; set; }

    public int End { get; set; }

    /// <summary>Times the interpreter ran it.</summary>
    public int Executions { get; set; }

    /// <summary>What <see cref="Executions"/> is when the unit is asked for, or asked for again.</summary>
    public int NextRequest { get; set; }

    /// <summary>Times it was asked for since it was last left alone.</summary>
    public int Requests { get; set; }

    /// <summary>Waits to be compiled.</summary>
    public bool IsWanted { get; set; }

    /// <summary>No longer in the store; a processor that still runs it must not link to it.</summary>
    public bool IsRemoved => Stale != 0;

    /// <summary>Jumps of other units that go straight here.</summary>
    public List<(TieredUnit Owner, int Jump)> Incoming { get; } = [];

    /// <summary>Slots of the jump cache that name this unit.</summary>
    public List<int> JumpSlots { get; } = [];
}
