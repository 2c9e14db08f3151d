using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Mmu;

/// <summary>The windows of a context through which code for flat machines loads, by MMU index: each a cached translation like any entry of the <see cref="InlineTlb"/>, and closed with them.</summary>
/// <remarks>
/// A window stands for all translations that it covers, whether or not the guest has used them yet, as a TLB may. Maintenance of any address of a
/// descriptor that has a part in it closes it, also where that address itself lies outside, such as behind the end of RAM.
/// </remarks>
// SAFETY: the context outlives this object and belongs to the thread that runs the vCPU; indexes are below GuestContext.MmuIndexes.
internal sealed unsafe class LoadWindows(GuestContext* context)
{
    /// <summary>What each window was opened on last.</summary>
    private readonly FlatRange[] _ranges = new FlatRange[GuestContext.MmuIndexes];

    public bool IsOpen(int mmuIndex) => context->LoadWindows[mmuIndex].Limit != 0;

    /// <summary>Opens a window on a range that can be loaded from at this MMU index.</summary>
    /// <param name="mmuIndex">Whose loads.</param>
    /// <param name="range">Virtual addresses, longer than <see cref="LoadWindow.Slack"/>.</param>
    /// <param name="host">Where the first of them is in host memory.</param>
    public void Open(int mmuIndex, in FlatRange range, byte* host)
    {
        ref LoadWindow window = ref context->LoadWindows[mmuIndex];
        window.First = range.First;
        window.Delta = (ulong)host - range.First;
        window.Limit = range.Length - LoadWindow.Slack;
        _ranges[mmuIndex] = range;
    }

    public void CloseAll()
    {
        for (int index = 0; index < GuestContext.MmuIndexes; index++)
            Close(index);
    }

    /// <summary>Closes those that belong to the current ASID.</summary>
    public void CloseNonGlobal()
    {
        for (int index = 0; index < GuestContext.MmuIndexes; index++)
        {
            if (_ranges[index].IsNonGlobal)
                Close(index);
        }
    }

    /// <summary>Closes those that rest on the translation of an address of [first, last]; both sign-extended from bit 55.</summary>
    public void CloseTouching(ulong first, ulong last)
    {
        for (int index = 0; index < GuestContext.MmuIndexes; index++)
        {
            if (_ranges[index].MappedFirst <= last && _ranges[index].MappedLast >= first)
                Close(index);
        }
    }

    private void Close(int index) => context->LoadWindows[index].Limit = 0;
}
