using System.Text;
using Arm64Vm.Machine.Board;
using Arm64Vm.Machine.Memory;
using Arm64Vm.Profiling;
using Arm64Vm.Translation.Profiling;

namespace Arm64Vm.Machine.Profiling;

/// <summary>What can be learned from a Linux kernel's memory while it runs: its symbols, and the names of the tasks behind address spaces.</summary>
/// <remarks>
/// SP_EL0 points to the current task in the kernel (arch/arm64/include/asm/current.h). Where in it the name is, is found in the first task, whose name is known.
/// On the collecting thread.
/// </remarks>
internal sealed class GuestTasks(VirtMachineBoard board, bool isBare)
{
    private const int LookEvery = 20;
    private const ulong LargestKernel = 96 << 20;
    private const int LargestTask = 0x4000;
    private const int NameBytes = 16;

    private readonly GuestAddressSpace _space = new(board.Memory, board.Vcpu);
    private readonly Dictionary<ulong, string> _names = [];
    private readonly Dictionary<ulong, long> _lookedAt = [];
    private ulong _kernelPhysical;
    private ulong _kernelVirtual;
    private int _looks;
    private int _nameOffset = -1;
    private int _blocksSeen;

    /// <summary>The guest is a program without processes.</summary>
    public bool IsBare => isBare;

    /// <summary>The kernel's own symbols; null: not found.</summary>
    public List<Kallsyms.Symbol>? Kernel { get; private set; }

    /// <summary>The name of a task of an address space, or empty.</summary>
    public string NameOf(ulong tableBase) => _names.GetValueOrDefault(tableBase, "");

    /// <summary>Looks for the kernel now and then, until it has been found.</summary>
    public void Look(BlockRegistry registry)
    {
        if (isBare || _nameOffset >= 0 || ++_looks % LookEvery != 0)
            return;
        LookNow(registry);
    }

    /// <summary>Looks for the kernel, if it has not been found.</summary>
    public void LookNow(BlockRegistry registry)
    {
        if (isBare || _nameOffset >= 0)
            return;
        if (_kernelPhysical == 0 && !TryFindKernel(registry))
            return;
        Kernel ??= FindSymbols();
        var first = Kernel?.FirstOrDefault(symbol => symbol.Name == "init_task").Address ?? 0;
        if (first != 0)
            _nameOffset = FindName(first);
    }

    /// <summary>A sample in the kernel, on behalf of a task.</summary>
    public void NoteTask(ulong tableBase, ulong task)
    {
        if (_nameOffset < 0 || tableBase == 0 || task >> 48 != 0xFFFF)
            return;
        const long Often = 50;
        var now = Environment.TickCount64;
        if (_lookedAt.TryGetValue(tableBase, out var last) && now - last < Often)
            return;
        _lookedAt[tableBase] = now;
        Span<byte> name = stackalloc byte[NameBytes];
        if (!_space.TryReadUpper(task + (ulong)_nameOffset, name))
            return;
        var end = name.IndexOf((byte)0);
        if (end > 0 && !name[..end].ContainsAnyExceptInRange((byte)' ', (byte)'~'))
            _names[tableBase] = Encoding.ASCII.GetString(name[..end]);
    }

    /// <summary>Code of the upper half that lies in RAM tells where the kernel is.</summary>
    private bool TryFindKernel(BlockRegistry registry)
    {
        foreach (var block in registry.BlocksFrom(ref _blocksSeen))
        {
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
        var length = Math.Min(LargestKernel, MemoryMap.RamBase + board.Ram.Size - start);
        var symbols = Kallsyms.Find(board.Memory.Map(start, length));

        // The code that led here is the kernel's, or the table is that of another.
        return symbols is not null && symbols[0].Address <= _kernelVirtual && symbols[^1].Address > _kernelVirtual ? symbols : null;
    }

    private int FindName(ulong task)
    {
        var bytes = new byte[LargestTask];
        for (var at = 0; at < bytes.Length;)
        {
            var length = Math.Min(bytes.Length - at, 0x1000 - (int)((task + (ulong)at) & 0xFFF));
            if (!_space.TryReadUpper(task + (ulong)at, bytes.AsSpan(at, length)))
                break;
            at += length;
        }

        return bytes.AsSpan().IndexOf("swapper"u8);
    }
}
