using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Jit;

/// <summary>Where one vCPU's compiler puts its code: a chunk of the code buffer that is its own, and the link sites of the unit in work.</summary>
/// <remarks>SAFETY: the chunk belongs to this writer from <see cref="TranslationCache.TryTakeChunk"/> until it takes the next one; one thread at a time.</remarks>
internal sealed unsafe class CodeWriter(TranslationCache cache) : ICompilerHost
{
    /// <summary>Smaller chunks must have room for the largest unit, and are for little code.</summary>
    private const int SmallestDivided = 48 << 10;

    private LinkSite[] sites = new LinkSite[32];
    private int siteCount;

    /// <summary>−1: none yet.</summary>
    public int Chunk { get; private set; } = -1;

    /// <summary>Offset in the code buffer of the next unit.</summary>
    public int Position { get; private set; }

    public int End { get; private set; }

    /// <summary>Offset of the room for slow paths, which is behind that for units; there is none in small chunks.</summary>
    public int ColdPosition { get; private set; }

    public int ColdEnd { get; private set; }

    /// <summary>Offset of the slow paths of the unit in work where they have been moved apart; 0: they are behind its hot code.</summary>
    public int ColdPlace { get; private set; }

    public Span<LinkSite> Sites => sites.AsSpan(0, siteCount);

    public void Begin()
    {
        siteCount = 0;
        ColdPlace = 0;
    }

    public void UseChunk(int chunk, int start, int size)
    {
        // Slow paths are a third of the code; what they do not fill is lost, and so is what is left when they have.
        int cold = size < SmallestDivided ? 0 : size / 8 * 3 & ~15;
        Chunk = chunk;
        Position = start;
        End = ColdPosition = start + size - cold;
        ColdEnd = start + size;
    }

    /// <summary>Its chunk is somebody else's from now on; it takes another before it puts code anywhere.</summary>
    public void LeaveChunk()
    {
        Chunk = -1;
        Position = 0;
        End = 0;
        ColdPosition = ColdEnd = 0;
    }

    /// <summary>The slow paths of the unit in work have been moved to <paramref name="place"/>.</summary>
    public void NoteMove(int place) => ColdPlace = place;

    /// <summary>Offset of the slow paths of the unit in work, wherever they are.</summary>
    public int ColdOffsetOf(in UnitDraft draft) => ColdPlace != 0 ? ColdPlace : Position + draft.HotSize;

    /// <summary>The unit in work stays. Units begin at multiples of 16, each with its number in the four bytes before.</summary>
    public void Advance(in UnitDraft draft)
    {
        int size = draft.CodeSize;
        if (ColdPlace != 0)
        {
            ColdPosition = ColdPlace + size - draft.HotSize;
            size = draft.HotSize;
        }

        Position = (Position + size + sizeof(int) + 15) & ~15;
    }

    public uint InternPureOperation(in IrInst operation) => cache.InternPureOperation(operation);

    public long ConstantAddress(ulong low, ulong high) => cache.ConstantAddress(low, high);

    public int AddLinkSite(in LinkSite site)
    {
        if (siteCount == sites.Length)
            Array.Resize(ref sites, sites.Length * 2);
        sites[siteCount] = site;
        return siteCount++;
    }
}
