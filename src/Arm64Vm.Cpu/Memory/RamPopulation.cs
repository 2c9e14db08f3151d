namespace Arm64Vm.Cpu.Memory;

/// <summary>Makes guest RAM present in the host before it is touched: a page fault for each page costs twice as much as one system call for many, and far more on virtual hosts.</summary>
/// <remarks>
/// RAM is divided into stretches of 64 KiB. The first store to one makes the whole of it present, in machines that have written to thirty and more: small ones, of which
/// there are many on a host, get what they touch and no more. Any thread; a race makes a stretch present twice, which changes nothing.
/// </remarks>
internal sealed class RamPopulation(HostMemory memory)
{
    /// <summary>log2 of a stretch's bytes.</summary>
    public const int StretchBits = 16;

    /// <summary>Stretches written to in a machine that is not small any more.</summary>
    private const int Many = 32;

    /// <summary>By stretch: what it is known for.</summary>
    private readonly State[] _states = new State[(memory.Size + (1UL << StretchBits) - 1) >> StretchBits];
    private int _written;

    private enum State : byte
    {
        Untouched,

        /// <summary>Stored to while the machine was small.</summary>
        Touched,
        Present,
    }

    /// <summary>Stores are about to go to [offset, offset + length).</summary>
    public void Note(ulong offset, ulong length = 1)
    {
        const ulong Mask = (1UL << StretchBits) - 1;
        ulong end = offset + length;
        while (offset < end)
        {
            ulong next = Math.Min((offset | Mask) + 1, end);
            NoteStretch(offset >> StretchBits, isWhole: next - offset > Mask);
            offset = next;
        }
    }

    /// <summary>Pages were given back: where they are used again, they are made present again.</summary>
    public void Forget(ulong offset, ulong length)
    {
        if (length != 0)
            _states.AsSpan((int)(offset >> StretchBits), (int)(((offset + length - 1) >> StretchBits) - (offset >> StretchBits)) + 1).Clear();
    }

    private void NoteStretch(ulong stretch, bool isWhole)
    {
        ref State state = ref _states[stretch];
        if (state == State.Present)
            return;
        if (state == State.Untouched)
            _written++;
        bool isMade = isWhole || _written >= Many;
        state = isMade ? State.Present : State.Touched;
        if (isMade)
            memory.Populate(stretch << StretchBits, 1UL << StretchBits);
    }
}
