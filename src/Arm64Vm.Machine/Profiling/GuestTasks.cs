using Arm64Vm.Ir;
using Arm64Vm.Machine.Board;
using Arm64Vm.Machine.Memory;
using Arm64Vm.Profiling;
using Arm64Vm.Translation.Profiling;

namespace Arm64Vm.Machine.Profiling;

/// <summary>What can be learned from a Linux kernel's memory while it runs: its symbols, and the names of the tasks behind address spaces.</summary>
/// <remarks>On the collecting thread.</remarks>
internal sealed class GuestTasks
{
    private const int LookEvery = 20;
    private const ulong LargestKernel = 96 << 20;

    private readonly VirtMachineBoard _board;
    private readonly TaskLayout _layout;
    private ulong _kernelPhysical;
    private ulong _kernelVirtual;
    private int _looks;
    private int _blocksSeen;

    public GuestTasks(VirtMachineBoard board, bool isBare)
    {
        _board = board;
        IsBare = isBare;
        _layout = new TaskLayout(new GuestAddressSpace(board.Memory, board.Vcpu));
        Names = new TaskNames(_layout);
    }

    /// <summary>The guest is a program without processes.</summary>
    public bool IsBare { get; }

    /// <summary>The kernel's own symbols; null: not found.</summary>
    public List<Kallsyms.Symbol>? Kernel { get; private set; }

    public TaskNames Names { get; }

    /// <summary>Learns about tasks now and then. The kernel's symbols are looked for at the end: reading them would slow the guest down.</summary>
    public void Look()
    {
        if (IsBare || ++_looks % LookEvery != 0)
            return;

        // A processor that waits has its idle task there.
        foreach (var vcpu in _board.Vcpus)
            _layout.Learn(vcpu.GetDirect(DirectRegister.StackPointer0), 0);
    }

    /// <summary>Looks for the kernel, if it has not been found.</summary>
    public void LookNow(BlockRegistry registry)
    {
        if (IsBare || Kernel is not null || (_kernelPhysical == 0 && !TryFindKernel(registry)))
            return;
        Kernel = FindSymbols();
    }

    /// <summary>Code of the upper half that lies in RAM tells where the kernel is.</summary>
    private bool TryFindKernel(BlockRegistry registry)
    {
        while (_blocksSeen < registry.Count)
        {
            ref readonly var block = ref registry.BlockAt(_blocksSeen++);
            if (block.VirtualAddress >> 48 != 0xFFFF || block.PhysicalAddress < MemoryMap.RamBase)
                continue;
            _kernelPhysical = block.PhysicalAddress;
            _kernelVirtual = block.VirtualAddress;
            return true;
        }

        return false;
    }

    private List<Kallsyms.Symbol>? FindSymbols()
    {
        var start = Math.Max(MemoryMap.RamBase, _kernelPhysical > LargestKernel / 2 ? (_kernelPhysical - LargestKernel / 2) & ~0xFFFUL : 0);
        var length = Math.Min(LargestKernel, MemoryMap.RamBase + _board.Ram.Size - start);
        var symbols = Kallsyms.Find(_board.Memory.Map(start, length));

        // The code that led here is the kernel's, or the table is that of another.
        return symbols is not null && symbols[0].Address <= _kernelVirtual && symbols[^1].Address > _kernelVirtual ? symbols : null;
    }
}
