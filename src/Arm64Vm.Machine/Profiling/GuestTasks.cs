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
    private const int MostPlaces = 4;

    /// <summary>TTBR1_EL1 without its ASID and CnP.</summary>
    private const ulong TableMask = 0x0000_FFFF_FFFF_FFFE;

    private readonly VirtMachineBoard _board;
    private readonly TaskLayout _layout;
    private readonly Dictionary<ulong, long> _kernelTables = [];
    private int _looks;

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
        if (IsBare || Kernel is not null)
            return;
        Kernel = FindKernel(registry);
        Modules = FindModules();
    }

    /// <summary>With the table that the kernel ran most with: a processor that stands in EL0 may have one with its entry only (kernel page table isolation).</summary>
    private List<(string Name, List<KernelModules.Function> Functions)> FindModules()
    {
        if (Kernel is null)
            return [];
        foreach (var table in _kernelTables.OrderByDescending(one => one.Value).Select(one => one.Key))
        {
            if (new KernelModules(new GuestAddressSpace(_board.Memory, _board.Vcpu, table)).Read(Kernel) is { Count: > 0 } modules)
                return modules;
        }

        return [];
    }

    /// <summary>Code of the upper half that lies in RAM tells where the kernel is, or where one of its modules is: the kernel is what most code is as far from its address as.</summary>
    private List<Kallsyms.Symbol>? FindKernel(BlockRegistry registry)
    {
        Dictionary<ulong, (int Count, ulong Virtual, ulong Physical)> places = [];
        for (var i = 0; i < registry.Count; i++)
        {
            ref readonly var block = ref registry.BlockAt(i);
            if (block.VirtualAddress >> 48 != 0xFFFF || block.PhysicalAddress < MemoryMap.RamBase)
                continue;
            ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(places, block.VirtualAddress - block.PhysicalAddress, out _);
            place = (place.Count + 1, block.VirtualAddress, block.PhysicalAddress);
        }

        foreach (var (_, address, physical) in places.Values.OrderByDescending(place => place.Count).Take(MostPlaces))
        {
            if (FindSymbols(address, physical) is { } symbols)
                return symbols;
        }

        return null;
    }

    private List<Kallsyms.Symbol>? FindSymbols(ulong address, ulong physical)
    {
        var start = Math.Max(MemoryMap.RamBase, physical > LargestKernel / 2 ? (physical - LargestKernel / 2) & ~0xFFFUL : 0);
        if (start >= MemoryMap.RamBase + _board.Ram.Size)
            return null;
        var length = Math.Min(LargestKernel, MemoryMap.RamBase + _board.Ram.Size - start);
        var symbols = Kallsyms.Find(_board.Memory.Map(start, length));

        // The code that led here is the kernel's, or the table is that of another.
        return symbols is not null && symbols[0].Address <= address && symbols[^1].Address > address ? symbols : null;
    }
}
