using System.Runtime.InteropServices;
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

    /// <summary>The head of the list of modules (kernel/module/main.c), which kernels with all symbols in kallsyms name.</summary>
    private const string ModuleList = "modules";

    /// <summary>TTBR1_EL1 without its ASID and CnP.</summary>
    private const ulong TableMask = 0x0000_FFFF_FFFF_FFFE;

    private readonly VirtMachineBoard _board;
    private readonly TaskLayout _layout;
    private ulong _kernelPhysical;
    private ulong _kernelVirtual;
    private readonly Dictionary<ulong, long> _kernelTables = [];
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

    /// <summary>The kernel's modules with their functions, as far as they are loaded.</summary>
    public List<(string Name, List<KernelModules.Function> Functions)> Modules { get; private set; } = [];

    /// <summary>The kernel ran with a table of the upper half (TTBR1_EL1).</summary>
    public void SeeTable(ulong translationBase)
    {
        if (!IsBare)
            CollectionsMarshal.GetValueRefOrAddDefault(_kernelTables, translationBase & TableMask, out _)++;
    }

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
        Modules = FindModules();
    }

    /// <summary>With the table that the kernel ran most with: a processor that stands in EL0 may have one with its entry only (kernel page table isolation).</summary>
    private List<(string Name, List<KernelModules.Function> Functions)> FindModules()
    {
        if (Kernel?.Find(symbol => symbol.Name == ModuleList && char.ToLowerInvariant(symbol.Type) is 'd' or 'b') is not { Name: ModuleList } list)
            return [];
        foreach (var table in _kernelTables.OrderByDescending(one => one.Value).Select(one => one.Key))
        {
            if (new KernelModules(new GuestAddressSpace(_board.Memory, _board.Vcpu, table)).Read(list.Address) is { Count: > 0 } modules)
                return modules;
        }

        return [];
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
