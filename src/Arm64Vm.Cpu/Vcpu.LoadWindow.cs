using Arm64Vm.Cpu.Memory;
using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu;

/// <summary>Whether code runs on a flat machine, and the window through which it then loads.</summary>
/// <remarks>
/// Flat is where virtual addresses are physical ones: that of the code and the stack pointer, in one piece of RAM, and all that lies between them.
/// Firmware is made so, operating systems and their programs are not; for them this is one comparison at a fetch. The window is looked for where
/// code is fetched, and only code fetched while it is open uses it. Closing costs nothing but the way to the TLB.
/// </remarks>
internal sealed unsafe partial class Vcpu
{
    /// <summary>Descriptors looked at for one window.</summary>
    private const int MostWindowWalks = 4096;

    /// <summary>Descriptors that one fetch may cost, on average: as many more fetches pass before the next look.</summary>
    private const int WindowWalksAtOnce = 8;

    /// <summary>Fetches to pass before the next look.</summary>
    private int _fetchesToWindow;

    /// <summary>True where loads at the current level have a window. Opens one where the machine is flat at this point.</summary>
    private bool HasLoadWindow(ulong pc)
    {
        int index = MmuIndex;
        if (_stage1.Inline.Windows.IsOpen(index))
            return true;

        MemoryRegion? ram = _memory.RamAt(pc);
        ulong sp = _context->X[31];
        if (ram == null || sp - ram.PhysicalBase >= ram.Size)
            return false;
        if (_fetchesToWindow > 0)
        {
            _fetchesToWindow--;
            return false;
        }

        if (_comparators.HasWatchpoints || _debugger.Points.HasWatchpoints)
            return false;
        bool pan = State.Pan && State.El != 0;
        bool isFlat = _stage1.TryFindFlatRange(pc, ram.PhysicalBase, ram.Size, State.El != 0, pan, MostWindowWalks, out FlatRange range);
        _fetchesToWindow = range.Walks / WindowWalksAtOnce;
        if (!isFlat || sp - range.First >= range.Length || range.Length <= LoadWindow.Slack)
            return false;
        _stage1.Inline.Windows.Open(index, range, ram.Host + (range.First - ram.PhysicalBase));
        return true;
    }
}
