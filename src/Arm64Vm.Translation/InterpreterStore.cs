using Arm64Vm.Ir;

namespace Arm64Vm.Translation;

/// <summary>A unit as it lies in the store; index 0 of the instructions is unused, as in a region.</summary>
internal readonly ref struct InterpretedUnit(ReadOnlySpan<IrInst> instructions, ReadOnlySpan<IrBlock> blocks, int guestInstructions)
{
    public ReadOnlySpan<IrInst> Instructions { get; } = instructions;

    public ReadOnlySpan<IrBlock> Blocks { get; } = blocks;

    public int GuestInstructions { get; } = guestInstructions;
}

/// <summary>The bounded store of translated units: copies of regions packed into two arrays, all dropped together when one is full.</summary>
/// <remarks>
/// Dropping starts over with new arrays, so that a unit that is still being run keeps its memory.
/// Invalidated units only lose their entry in the index; their place is reclaimed with the rest.
/// </remarks>
internal sealed class InterpreterStore
{
    private const int InstructionCapacity = 1 << 19;
    private const int UnitCapacity = 1 << 16;
    private const int PageShift = 12;

    private readonly Dictionary<UnitKey, int> index = [];
    private readonly Dictionary<ulong, int> lastOnPage = [];
    private readonly Unit[] units = new Unit[UnitCapacity];
    private IrInst[] instructions = new IrInst[InstructionCapacity];
    private IrBlock[] blocks = new IrBlock[UnitCapacity];
    private int unitCount = 1;
    private int instructionCount;
    private int blockCount;

    public bool HasCode(ulong physicalPage) => lastOnPage.ContainsKey(physicalPage >> PageShift);

    public bool TryFind(ulong physicalPage, int offset, TranslationMode mode, out InterpretedUnit unit)
    {
        bool found = index.TryGetValue(new UnitKey(physicalPage | (uint)offset, mode), out int number);
        unit = found ? View(units[number]) : default;
        return found;
    }

    public InterpretedUnit Add(ulong physicalPage, int offset, TranslationMode mode, IrRegion region)
    {
        if (unitCount >= UnitCapacity || instructionCount + region.Count > InstructionCapacity || blockCount + region.BlockCount > UnitCapacity)
            Clear();
        ulong page = physicalPage >> PageShift;
        var key = new UnitKey(physicalPage | (uint)offset, mode);
        ref Unit unit = ref units[unitCount];
        unit.Key = key;
        unit.GuestInstructions = region.GuestInstructions;
        unit.FirstInstruction = instructionCount;
        unit.Instructions = region.Count;
        unit.FirstBlock = blockCount;
        unit.Blocks = region.BlockCount;
        unit.PreviousOnPage = lastOnPage.GetValueOrDefault(page);
        region.Instructions.CopyTo(instructions.AsSpan(instructionCount));
        region.Blocks.CopyTo(blocks.AsSpan(blockCount));
        instructionCount += region.Count;
        blockCount += region.BlockCount;
        index[key] = unitCount;
        lastOnPage[page] = unitCount++;
        return View(unit);
    }

    public void Invalidate(ulong physicalAddress, ulong length)
    {
        if (length == 0)
            return;
        ulong lastPage = (physicalAddress + (length - 1)) >> PageShift;
        for (ulong page = physicalAddress >> PageShift; page <= lastPage; page++)
        {
            if (!lastOnPage.Remove(page, out int number))
                continue;
            for (; number != 0; number = units[number].PreviousOnPage)
                index.Remove(units[number].Key);
        }
    }

    private void Clear()
    {
        index.Clear();
        lastOnPage.Clear();
        instructions = new IrInst[InstructionCapacity];
        blocks = new IrBlock[UnitCapacity];
        unitCount = 1;
        instructionCount = 0;
        blockCount = 0;
    }

    private InterpretedUnit View(in Unit unit) => new(
        instructions.AsSpan(unit.FirstInstruction, unit.Instructions),
        blocks.AsSpan(unit.FirstBlock, unit.Blocks),
        unit.GuestInstructions);

    private readonly record struct UnitKey(ulong PhysicalAddress, TranslationMode Mode);

    private struct Unit
    {
        public UnitKey Key;
        public int GuestInstructions;
        public int FirstInstruction;
        public int Instructions;
        public int FirstBlock;
        public int Blocks;

        /// <summary>The unit added before on the same page; 0 ends the list.</summary>
        public int PreviousOnPage;
    }
}
