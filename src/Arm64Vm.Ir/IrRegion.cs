namespace Arm64Vm.Ir;

/// <summary>One basic block of a region: instructions [First, End), the last of which is a terminator.</summary>
public struct IrBlock
{
    public ushort First;
    public ushort End;

    /// <summary>Offset of the block's first guest instruction from the region's page.</summary>
    public int GuestOffset;
}

/// <summary>A translation unit: basic blocks over one flat array of instructions; block 0 is the entry. Reused from unit to unit.</summary>
/// <remarks>Values do not cross blocks: guest state carries what flows between them.</remarks>
public sealed class IrRegion
{
    public const int MaxInstructions = 8192;
    public const int MaxBlocks = 64;

    private readonly IrInst[] instructions = new IrInst[MaxInstructions];
    private readonly IrBlock[] blocks = new IrBlock[MaxBlocks];

    /// <summary>Number of instructions; index 0 is never used, so that 0 can mean "no value".</summary>
    public int Count { get; internal set; } = 1;

    public int BlockCount { get; internal set; }

    /// <summary>Guest instructions translated.</summary>
    public int GuestInstructions { get; set; }

    /// <summary>Offset in the page just behind the last guest instruction.</summary>
    public int GuestEnd { get; set; }

    public Span<IrInst> Instructions => instructions.AsSpan(0, Count);

    public ReadOnlySpan<IrBlock> Blocks => blocks.AsSpan(0, BlockCount);

    public ref IrInst this[IrValue value] => ref instructions[value.Index];

    public ref IrInst this[int index] => ref instructions[index];

    public bool IsFull => Count > MaxInstructions - 512;

    public void Clear()
    {
        Count = 1;
        BlockCount = 0;
        GuestInstructions = 0;
        GuestEnd = 0;
    }

    internal IrValue Append(in IrInst instruction)
    {
        int index = Count;
        instructions[index] = instruction;
        Count = index + 1;
        return new IrValue((ushort)index);
    }

    internal ref IrBlock AppendBlock() => ref blocks[BlockCount++];

    /// <summary>For passes: the whole array, also behind <see cref="Count"/>.</summary>
    internal Span<IrInst> Storage => instructions;

    internal Span<IrBlock> MutableBlocks => blocks.AsSpan(0, BlockCount);

    internal ref IrBlock LastBlock => ref blocks[BlockCount - 1];
}
