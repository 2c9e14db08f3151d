using Arm64Vm.Cpu.Memory;
using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu;

/// <summary>Whether code runs on a flat machine, and the window through which it then loads.</summary>
/// <remarks>
/// Flat is where virtual addresses are physical ones: that of the code and the stack pointer, in one piece of RAM, and all that lies between them.
/// Firmware is made so, operating systems and their programs are not; for them this is one comparison at a fetch. The window is looked for where
/// code is fetched, and only code fetched while it is open uses it, so that a guest that changes its tables all the time runs as if there were none.
/// </remarks>
internal sealed unsafe partial class Vcpu
{
    /// <summary>Descriptors looked at for one window.</summary>
    private const int MostWindowWalks = 16384;

    /// <summary>Milliseconds without a window after it was closed, or was not found: at first, and where that goes on happening.</summary>
    /// <remarks>What runs with a window and without is translated twice. Firmware that sets up its tables in bursts is to open few.</remarks>
    private const int ShortestWindowWait = 64;
    private const int LongestWindowWait = 4096;
    private const int WindowWaitGrowth = 8;

    /// <summary>Which windows were open when code was last fetched; a bit for each MMU index.</summary>
    private int _windowsSeen;
    private int _windowWait;

    /// <summary>On the host's coarse clock: when the last window was opened, and when one may be looked for again.</summary>
    private long _windowOpened;
    private long _nextWindow;

    /// <summary>True where loads at the current level have a window. Opens one where the machine is flat at this point.</summary>
    private bool HasLoadWindow(ulong pc)
    {
        int index = MmuIndex;
        if (_stage1.Inline.Windows.IsOpen(index))
            return true;

        MemoryRegion? ram = _memory.RamAt(pc);
        if (ram == null || _context->X[31] - ram.PhysicalBase >= ram.Size)
            return false;
        long now = Environment.TickCount64;
        if ((_windowsSeen & (1 << index)) != 0)
        {
            _windowsSeen &= ~(1 << index);
            WaitForWindow(now, isUseful: now - _windowOpened > LongestWindowWait);
        }

        if (now < _nextWindow)
            return false;
        if (!TryOpenWindow(index, pc, ram))
        {
            WaitForWindow(now, isUseful: false);
            return false;
        }

        _windowsSeen |= 1 << index;
        _windowOpened = now;
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
    private void WaitForWindow(long now, bool isUseful)
    {
        _windowWait = isUseful ? ShortestWindowWait : Math.Clamp(_windowWait * WindowWaitGrowth, ShortestWindowWait, LongestWindowWait);
        _nextWindow = now + _windowWait;
    }
}
