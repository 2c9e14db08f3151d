using System.Buffers.Binary;
using System.Text;

namespace Arm64Vm.Machine.Profiling;

/// <summary>Where in a Linux task (struct task_struct, include/linux/sched.h) its name, its memory, and that memory's table are: found by what must hold, never assumed.</summary>
/// <remarks>
/// <para>The name is where the first task, and the idle task of each processor, have "swapper" (init/init_task.c, kernel/sched/core.c); it must occur once. The
/// first task is the end of the chain of parents of any other.</para>
/// <para>The memory (mm) is a pointer that is there twice, as mm and active_mm, to a structure with a pointer to the table (pgd) that TTBR0_EL1 held
/// while the task ran. That must be so at the same offsets for tasks of two different tables, and at no other offsets. Where only one such task ever
/// ran, an idle task must agree: it has no memory of its own (mm is zero), and uses some kernel structure's (active_mm).</para>
/// </remarks>
internal sealed class TaskLayout(IKernelMemory memory)
{
    private const int LargestTask = 0x3000;
    private const int MemoryBytes = 0x400;
    private const int ParentBytes = 0x1000;
    private const int MostParents = 64;
    private const int NameBytes = 16;
    private const int MostTries = 2000;
    private const int MostIdle = 16;

    /// <summary>Where the table of an address space is in TTBR0_EL1 (BADDR).</summary>
    private const ulong BaseMask = 0x0000_FFFF_FFFF_F000;

    private readonly HashSet<ulong> _withoutName = [];
    private readonly HashSet<ulong> _tables = [];
    private readonly HashSet<ulong> _idle = [];
    private readonly byte[] _task = new byte[LargestTask];
    private HashSet<(int Memory, int Table)>? _candidates;
    private int _tries;
    private int _name = -1;
    private int _memory = -1;
    private int _table = -1;

    /// <summary>What a task is.</summary>
    public enum Kind
    {
        /// <summary>No task any more, or nothing is known of tasks.</summary>
        Unknown,

        /// <summary>It runs in the address space of the given table.</summary>
        Process,

        /// <summary>It has no address space of its own.</summary>
        KernelThread,
    }

    /// <summary>Everything has been found.</summary>
    public bool IsKnown => _table >= 0;

    /// <summary>A task was the current one while the table of TTBR0_EL1 was at a physical address.</summary>
    public void Learn(ulong task, ulong tableBase)
    {
        if (IsKnown || task >> 48 != 0xFFFF || (task & 7) != 0 || _tries >= MostTries)
            return;
        if (_name < 0)
        {
            if (!_withoutName.Add(task))
                return;
            _tries++;
            _name = FindName(task);
            if (_name < 0)
                _name = FindNameOfFirst(task);
            return;
        }

        var name = NameAt(task);
        if (name is not null && name.StartsWith("swapper", StringComparison.Ordinal))
        {
            // So is the first process while it is a thread of the kernel, before it executes a program.
            if (_idle.Count < MostIdle)
                _idle.Add(task);
            return;
        }

        if (name is null || tableBase == 0 || _tables.Contains(tableBase))
        {
            SettleWithIdle();
            return;
        }

        _tries++;
        var found = FindMemory(task, tableBase);
        if (found.Count == 0)
            return; // A kernel thread in somebody's address space, or the task has gone on.
        _tables.Add(tableBase);
        _candidates ??= found;
        _candidates.IntersectWith(found);
        if (_candidates.Count == 0)
            _candidates = null; // One of them had changed while it was read.
        else if (_tables.Count > 1 && _candidates.Count == 1)
            (_memory, _table) = _candidates.Single();
    }

    /// <summary>The name of a task, where it has been found out where names are; null: it looks like none.</summary>
    public string? NameOf(ulong task) => _name >= 0 && task >> 48 == 0xFFFF ? NameAt(task) : null;

    /// <summary>What a task is, and its name, where its structure agrees with the table that was in use.</summary>
    public (Kind Kind, string Name) Read(ulong task, ulong tableBase)
    {
        if (_name < 0 || task >> 48 != 0xFFFF || NameAt(task) is not { } name)
            return default;
        if (!IsKnown)
            return name.StartsWith("swapper", StringComparison.Ordinal) ? (Kind.KernelThread, name) : default;
        if (!TryReadWord(task + (ulong)_memory, out var space))
            return default;
        if (space == 0)
            return (Kind.KernelThread, name);
        return TryReadWord(space + (ulong)_table, out var table) && memory.TryTranslateUpper(table, out var physical) && (physical & BaseMask) == tableBase ? (Kind.Process, name) : default;
    }

    /// <summary>One task may have left one way only.</summary>
    private void SettleWithIdle()
    {
        if (_candidates is not { Count: 1 } || _tables.Count != 1)
            return;
        var (memoryAt, tableAt) = _candidates.Single();
        foreach (var task in _idle)
        {
            if (NameAt(task) is { } name && name.StartsWith("swapper", StringComparison.Ordinal)
                && TryReadWord(task + (ulong)memoryAt, out var own) && own == 0
                && TryReadWord(task + (ulong)memoryAt + 8, out var used) && used >> 48 == 0xFFFF)
            {
                (_memory, _table) = (memoryAt, tableAt);
                return;
            }
        }
    }

    private string? NameAt(ulong task)
    {
        Span<byte> name = stackalloc byte[NameBytes];
        if (!memory.TryRead(task + (ulong)_name, name))
            return null;
        var end = name.IndexOf((byte)0);
        return end > 0 && !name[..end].ContainsAnyExceptInRange((byte)' ', (byte)'~') ? Encoding.ASCII.GetString(name[..end]) : null;
    }

    private int FindName(ulong task)
    {
        ReadOnlySpan<byte> read = _task.AsSpan(0, memory.ReadUpTo(task, _task));
        var found = -1;
        for (var at = 0; ;)
        {
            var next = read[at..].IndexOf("swapper"u8);
            if (next < 0)
                return found;
            at += next;
            if (found >= 0 || (at & 3) != 0 || at + NameBytes > read.Length)
                return -1;
            found = at;
            at++;
        }
    }

    /// <summary>Follows what may be the pointer to the parent, at any offset, until a structure that points to itself; where such is a first task, all must agree.</summary>
    private int FindNameOfFirst(ulong task)
    {
        var found = -1;
        HashSet<ulong> seen = [task];
        for (ulong at = 0; at < ParentBytes; at += 8)
        {
            var last = task;
            for (var step = 0; step < MostParents; step++)
            {
                if (!TryReadWord(last + at, out var parent) || parent >> 48 != 0xFFFF || (parent & 7) != 0)
                    break;
                if (parent != last)
                {
                    last = parent;
                    continue;
                }

                var name = seen.Add(last) ? FindName(last) : -1;
                if (name >= 0 && found >= 0 && name != found)
                    return -1;
                found = Math.Max(found, name);
                break;
            }
        }

        return found;
    }

    private HashSet<(int Memory, int Table)> FindMemory(ulong task, ulong tableBase)
    {
        ReadOnlySpan<byte> bytes = _task.AsSpan(0, memory.ReadUpTo(task, _task));
        HashSet<(int, int)> found = [];
        Dictionary<ulong, List<int>> seen = [];
        for (var at = 0; at + 16 <= bytes.Length; at += 8)
        {
            var pointer = BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);
            if (pointer >> 48 != 0xFFFF || (pointer & 7) != 0 || pointer != BinaryPrimitives.ReadUInt64LittleEndian(bytes[(at + 8)..]))
                continue;
            if (!seen.TryGetValue(pointer, out var tables))
                seen.Add(pointer, tables = FindTables(pointer, tableBase));
            foreach (var table in tables)
                found.Add((at, table));
        }

        return found;
    }

    /// <summary>Offsets in a structure of pointers to a table.</summary>
    private List<int> FindTables(ulong structure, ulong tableBase)
    {
        Span<byte> room = stackalloc byte[MemoryBytes];
        ReadOnlySpan<byte> bytes = room[..memory.ReadUpTo(structure, room)];
        List<int> found = [];
        for (var at = 0; at + 8 <= bytes.Length; at += 8)
        {
            var pointer = BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);
            if (pointer >> 48 == 0xFFFF && (pointer & 63) == 0 && memory.TryTranslateUpper(pointer, out var physical) && (physical & BaseMask) == tableBase)
                found.Add(at);
        }

        return found;
    }

    private bool TryReadWord(ulong address, out ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        var done = (address & 7) == 0 && memory.TryReadUpper(address, bytes);
        value = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        return done;
    }
}
