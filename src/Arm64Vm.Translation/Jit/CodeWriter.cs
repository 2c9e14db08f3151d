using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Jit;

/// <summary>Where one vCPU's compiler puts its code: a chunk of the code buffer that is its own, and the link sites of the unit in work.</summary>
/// <remarks>SAFETY: the chunk belongs to this writer from <see cref="TranslationCache.TryTakeChunk"/> until it takes the next one; one thread at a time.</remarks>
internal sealed unsafe class CodeWriter(TranslationCache cache) : ICompilerHost
{
    private LinkSite[] sites = new LinkSite[32];
    private int siteCount;

    /// <summary>−1: none yet.</summary>
    public int Chunk { get; private set; } = -1;

    /// <summary>Offset in the code buffer of the next byte.</summary>
    public int Position { get; private set; }

    public int End { get; private set; }

    public ReadOnlySpan<LinkSite> Sites => sites.AsSpan(0, siteCount);

    public void Begin() => siteCount = 0;

    public void UseChunk(int chunk, int start, int size)
    {
        Chunk = chunk;
        Position = start;
        End = start + size;
    }

    /// <summary>Its chunk is somebody else's from now on; it takes another before it puts code anywhere.</summary>
    public void LeaveChunk()
    {
        Chunk = -1;
        Position = 0;
        End = 0;
    }

    public void Advance(int size) => Position = (Position + size + 15) & ~15;

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
