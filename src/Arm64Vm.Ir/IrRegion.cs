using System.Numerics;
using System.Runtime.CompilerServices;

namespace Arm64Vm.Ir;

/// <summary>One basic block of a region: instructions [First, End), the last of which is a terminator.</summary>
internal struct IrBlock
{
    public ushort First;
    public ushort End;

    /// <summary>Offset of the block's first guest instruction from the region's page.</summary>
    public int GuestOffset;
}

/// <summary>A translation unit: basic blocks over one flat array of instructions; block 0 is the entry. Reused from unit to unit.</summary>
/// <remarks>Values do not cross blocks: guest state carries what flows between them.</remarks>
internal sealed class IrRegion
{
    public const int MaxInstructions = 8192;
    public const int MaxBlocks = 64;

    /// <summary>Room that there is for another guest instruction's; the most that one becomes is far less.</summary>
    private const int Room = 512;
    private const int FirstInstructions = 2 * Room;

    /// <summary>As large as the largest region so far, with room for another instruction, since most machines never see one of <see cref="MaxInstructions"/>.</summary>
    private IrInst[] instructions = new IrInst[FirstInstructions];
    private readonly IrBlock[] blocks = new IrBlock[MaxBlocks];
    private int count = 1;

    /// <summary>Number of instructions; index 0 is never used, so that 0 can mean "no value".</summary>
    public int Count { get => count; internal set => count = value; }

    public int BlockCount { get; internal set; }

    /// <summary>Guest instructions translated.</summary>
    public int GuestInstructions { get; set; }

    /// <summary>Offset in the page just behind the last guest instruction.</summary>
    public int GuestEnd { get; set; }

    /// <summary>Offset in the page of the first byte that the region depends on: its own instructions and those that were looked at to leave something out.</summary>
    public int DependencyStart { get; private set; }

    /// <summary>Offset in the page just behind the last byte that the region depends on.</summary>
    public int DependencyEnd { get; private set; }

    public Span<IrInst> Instructions => instructions.AsSpan(0, Count);

    public ReadOnlySpan<IrBlock> Blocks => blocks.AsSpan(0, BlockCount);

    public ref IrInst this[IrValue value] => ref instructions[value.Index];

    public ref IrInst this[int index] => ref instructions[index];

    public bool IsFull => Count > MaxInstructions - Room;

    /// <summary>Makes room for what another guest instruction becomes. References to instructions end here.</summary>
    public void Reserve()
    {
        if (count > instructions.Length - Room)
            Grow(count + Room);
    }

    /// <summary>Lets go of room for large regions, and of what is in it.</summary>
    public void GiveBack()
    {
        Clear();
        if (instructions.Length > FirstInstructions)
            instructions = new IrInst[FirstInstructions];
    }

    private void Grow(int least)
    {
        // Beyond the most there is an index out of range, as there is for a region that was never to grow.
        if (instructions.Length < MaxInstructions)
            Array.Resize(ref instructions, (int)Math.Min(MaxInstructions, BitOperations.RoundUpToPowerOf2((uint)least)));
    }

    /// <summary>A change of any byte in [<paramref name="start"/>, <paramref name="end"/>) of the page makes the region wrong.</summary>
    public void DependOn(int start, int end)
    {
        DependencyStart = Math.Min(DependencyStart, start);
        DependencyEnd = Math.Max(DependencyEnd, end);
    }

    public void Clear()
    {
        Count = 1;
        BlockCount = 0;
        GuestInstructions = 0;
        GuestEnd = 0;
        DependencyStart = int.MaxValue;
        DependencyEnd = 0;
    }

    /// <summary>Appends a block of another region, operands renumbered; false where there is no room.</summary>
    /// <param name="source">The other region's instructions.</param>
    /// <param name="block">The block among them.</param>
    public bool TryAppend(ReadOnlySpan<IrInst> source, in IrBlock block)
    {
        int length = block.End - block.First;
        if (BlockCount == MaxBlocks || count + length > MaxInstructions)
            return false;
        if (count + length > instructions.Length)
            Grow(count + length);
        int moved = count - block.First;
        for (int i = 0; i < length; i++)
        {
            ref IrInst inst = ref instructions[count + i];
            inst = source[block.First + i];
            inst.A = Renumber(inst.A, moved);
            inst.B = Renumber(inst.B, moved);
            inst.C = Renumber(inst.C, moved);
            inst.D = Renumber(inst.D, moved);
        }

        blocks[BlockCount++] = new IrBlock { First = (ushort)count, End = (ushort)(count + length), GuestOffset = block.GuestOffset };
        count += length;
        return true;
    }

    private static ushort Renumber(ushort operand, int moved) => operand == 0 ? operand : (ushort)(operand + moved);

    /// <summary>Appends an instruction given as the three words of <see cref="IrInst"/>'s layout.</summary>
    internal IrValue Append(ulong head, ulong tail, ulong imm)
    {
        int index = count;
        if ((uint)index >= (uint)instructions.Length)
            Grow(index + 1);
        ref ulong words = ref Unsafe.As<IrInst, ulong>(ref instructions[index]);
        words = head;
        Unsafe.Add(ref words, 1) = tail;
        Unsafe.Add(ref words, 2) = imm;
        count = index + 1;
        return new IrValue((ushort)index);
    }

    internal void Append(in IrInst inst)
    {
        if (count == instructions.Length)
            Grow(count + 1);
        instructions[count++] = inst;
    }

    internal ref IrBlock AppendBlock() => ref blocks[BlockCount++];

    /// <summary>For passes: the whole array, also behind <see cref="Count"/>.</summary>
    internal Span<IrInst> Storage => instructions;

    internal Span<IrBlock> MutableBlocks => blocks.AsSpan(0, BlockCount);

    internal ref IrBlock LastBlock => ref blocks[BlockCount - 1];
}
