using System.Runtime.InteropServices;
using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Verification;

/// <summary>What raised an exception in a <see cref="FlatMachine"/>.</summary>
internal enum FlatFault
{
    None,
    Memory,
    System,
    PointerAuthentication,
}

/// <summary>The smallest processor around an executor: EL0, no MMU, two pages of data, code pages that hold BRK wherever nothing was put.</summary>
/// <remarks>An exception leaves PC at <see cref="FaultPc"/>, where a BRK ends the run.</remarks>
internal sealed unsafe partial class FlatMachine : ICodeMemory, IGuestServices, IDisposable
{
    public const ulong DataBase = 0x1000_0000;
    public const int DataSize = 0x2000;

    /// <summary>Where vectors have their code: reads find it, writes are dropped.</summary>
    public const ulong CodeWindow = 0x2000_0000;
    public const ulong CodeWindowSize = 0x100_0000;

    public const ulong FaultPc = 0xF_0000_0000;
    private const int PageSize = 4096;
    private const uint Brk = 0xD420_0000;

    private readonly byte* data;
    private readonly byte* brkPage;
    private readonly byte* code;
    private readonly ulong codeBase;
    private readonly ulong codeSize;
    private bool hasLoadWindow;

    /// <param name="codeBase">Address of the first code page.</param>
    /// <param name="codeSize">Bytes of code, a multiple of 4096.</param>
    // SAFETY: all blocks are owned by this instance until Dispose, page aligned, and sized as stated; accesses are checked against the sizes.
    public FlatMachine(ulong codeBase, ulong codeSize)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(codeBase % PageSize, 0u);
        ArgumentOutOfRangeException.ThrowIfNotEqual(codeSize % PageSize, 0u);
        this.codeBase = codeBase;
        this.codeSize = codeSize;
        data = Allocate(DataSize);
        brkPage = Allocate(PageSize);
        code = Allocate((nuint)codeSize);
        new Span<uint>(brkPage, PageSize / 4).Fill(Brk);
        new Span<uint>(code, (int)(codeSize / 4)).Fill(Brk);
        Context = (GuestContext*)Allocate(GuestContext.TotalSize);
        NativeMemory.Clear(Context, GuestContext.TotalSize);
        GuestContext.InitializeTlbs(Context);
        MapInline(DataBase + PageSize, data + PageSize);
        Context->Exclusive.Address = GuestContext.InvalidTag;
    }

    /// <summary>The processor's registers, with all cached translations invalid.</summary>
    public GuestContext* Context { get; }

    /// <summary>The bytes at <see cref="DataBase"/>.</summary>
    public Span<byte> Data => new(data, DataSize);

    /// <summary>The bytes of the code pages.</summary>
    public Span<byte> Code => new(code, (int)codeSize);

    /// <summary>The last exception since it was reset.</summary>
    public FlatFault Fault { get; set; }

    /// <summary>Offset in its page of the instruction that raised it.</summary>
    public int FaultOffset { get; private set; }

    public bool TryFetch(GuestContext* context, ulong address, out CodeLocation location)
    {
        ulong page = address & ~(ulong)(PageSize - 1);
        location.PhysicalPage = page;
        location.Host = page - codeBase < codeSize ? code + (page - codeBase) : brkPage;
        location.Mode = ModeOf(context->Fpcr);
        location.ContextTag = TagOf(context->Fpcr);
        return true;
    }

    public void WatchWrites(ulong physicalPage)
    {
    }

    /// <summary>Lets loads of [address, address + length), inside the data, go the way of flat machines. Before the first run.</summary>
    public void OpenLoadWindow(ulong address, int length)
    {
        hasLoadWindow = true;
        ref LoadWindow window = ref Context->LoadWindows[0];
        window.First = address;
        window.Delta = (ulong)data - DataBase;
        window.Limit = (ulong)(length - LoadWindow.Slack);
    }

    /// <summary>Sets FPCR and what follows from it.</summary>
    public void SetFpcr(uint fpcr)
    {
        Context->Fpcr = fpcr;
        Context->ContextTag = TagOf(fpcr);
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(data);
        NativeMemory.AlignedFree(brkPage);
        NativeMemory.AlignedFree(code);
        NativeMemory.AlignedFree(Context);
    }

    /// <summary>One of the two data pages is in the inline TLBs, so that vectors take the inline and the slow path.</summary>
    private void MapInline(ulong address, byte* host)
    {
        for (int write = 0; write < 2; write++)
        {
            ulong* entry = (ulong*)((byte*)Context + GuestContext.TlbTable(0, write != 0));
            entry += 2 * ((address >> 12) & (GuestContext.TlbEntries - 1));
            entry[0] = address;
            entry[1] = (ulong)host;
        }
    }

    private static byte* Allocate(nuint size) => (byte*)NativeMemory.AlignedAlloc(Math.Max(size, PageSize), PageSize);

    private TranslationMode ModeOf(uint fpcr)
    {
        TranslationMode mode = TranslationMode.Create(0, 0, alignmentChecked: false, floatTrapped: false, singleStep: false, fpcr, pointerAuthentication: true);
        return hasLoadWindow ? mode.WithLoadWindow() : mode;
    }

    /// <summary>One name for each setting of FPCR: the only thing that changes here.</summary>
    private static ulong TagOf(uint fpcr) => (ulong)(((fpcr & TranslationMode.FpcrMask) >> 19) + 1) << FetchTlb.NameShift;

    private bool Raise(FlatFault fault, int pageOffset)
    {
        Fault = fault;
        FaultOffset = pageOffset;
        Context->Pc = FaultPc;
        return false;
    }

    /// <summary>Host address of <paramref name="size"/> bytes, or null. Code can be read but not written.</summary>
    private byte* Locate(ulong address, int size, bool write)
    {
        if (address - DataBase <= (ulong)(DataSize - size))
            return data + (address - DataBase);
        bool inCode = !write && codeSize >= (ulong)size && address - codeBase <= codeSize - (ulong)size;
        return inCode ? code + (address - codeBase) : null;
    }
}
