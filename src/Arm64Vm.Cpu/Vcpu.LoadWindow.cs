using Arm64Vm.Cpu.Memory;
using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu;

/// <summary>Whether code runs on a flat machine, and the window through which it then loads.</summary>
/// <remarks>
/// Flat is where virtual addresses are physical ones: that of the code and the stack pointer, in one piece of RAM, and all that lies between them.
/// Firmware is made so, operating systems and their programs are not; for them this is one comparison at a fetch. The window is looked for where
/// code is fetched, and only code fetched while it is open uses it, so that a guest that changes its tables all the time runs as if there were none.
/// SAFETY: a window lies inside one region of RAM, whose host memory outlives the processor; what changes the memory map closes it (<see cref="LoadWindows"/>).
/// </remarks>
internal sealed unsafe partial class Vcpu
{
    /// <summary>Descriptors looked at for one window.</summary>
    private const int MostWindowWalks = 16384;

    /// <summary>Fetches without a window after it was closed, or was not found: at first, and where that goes on happening.</summary>
    /// <remarks>
    /// What runs with a window and without is translated twice, so firmware that sets up its tables in bursts is to open few. Fetches and not time are
    /// counted: the same guest does the same again, and finds its kept code.
    /// </remarks>
    private const int ShortestWindowWait = 256;
    private const int LongestWindowWait = 16384;
    private const int WindowWaitGrowth = 8;

    /// <summary>Which windows were open when code was last fetched; a bit for each MMU index.</summary>
    private int _windowsSeen;
    private int _windowWait;

    /// <summary>Fetches on a flat machine; at which of them the last window was opened, and from which on one may be looked for.</summary>
    private long _flatFetches;
    private long _windowOpened;
    private long _nextWindow;

    /// <summary>True where loads at the current level have a window. Opens one where the machine is flat at this point.</summary>
    private bool HasLoadWindow(ulong pc)
    {
        int index = MmuIndex;
        bool isOpen = _stage1.Inline.Windows.IsOpen(index);
        MemoryRegion? ram = isOpen ? null : _memory.RamAt(pc);
        if (!isOpen && (ram == null || _context->X[31] - ram.PhysicalBase >= ram.Size))
            return false;
        _flatFetches++;
        if (isOpen)
            return true;
        if ((_windowsSeen & (1 << index)) != 0)
        {
            _windowsSeen &= ~(1 << index);
            WaitForWindow(isUseful: _flatFetches - _windowOpened > LongestWindowWait);
        }

        if (_flatFetches < _nextWindow)
            return false;
        if (!TryOpenWindow(index, pc, ram!))
        {
            WaitForWindow(isUseful: false);
            return false;
        }

        _windowsSeen |= 1 << index;
        _windowOpened = _flatFetches;
        return true;
    }

    private bool TryOpenWindow(int index, ulong pc, MemoryRegion ram)
    {
        if (_comparators.HasWatchpoints || _debugger.Points.HasWatchpoints)
            return false;
        bool pan = State.Pan && State.El != 0;
        bool isFlat = _stage1.TryFindFlatRange(pc, ram.PhysicalBase, ram.Size, State.El != 0, pan, MostWindowWalks, out FlatRange range);
        if (!isFlat || _context->X[31] - range.First >= range.Length || range.Length <= LoadWindow.Slack)
            return false;
        _stage1.Inline.Windows.Open(index, range, ram.Host + (range.First - ram.PhysicalBase));
        return true;
    }

    /// <summary>The guest changes its tables, or is not flat: the longer it goes on so, the less often a window is looked for.</summary>
    private void WaitForWindow(bool isUseful)
    {
        _windowWait = isUseful ? ShortestWindowWait : Math.Clamp(_windowWait * WindowWaitGrowth, ShortestWindowWait, LongestWindowWait);
        _nextWindow = _flatFetches + _windowWait;
    }

    /// <summary>A processor that was reset knows nothing of the tables there were.</summary>
    private void ForgetWindows()
    {
        _windowsSeen = _windowWait = 0;
        _flatFetches = _windowOpened = _nextWindow = 0;
    }
}
