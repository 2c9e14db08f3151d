using Arm64Vm.Profiling;
using Arm64Vm.Translation.Profiling;

namespace Arm64Vm.Machine.Profiling;

/// <summary>Processes by number: address spaces, and the kernel's threads; with names as far as Linux's tasks say them.</summary>
internal sealed class TaskNames(TaskLayout layout)
{
    /// <summary>A task is looked at again after so many milliseconds: a program may have been executed in it.</summary>
    private const long Often = 20;
    private const int MostSeen = 1 << 16;

    private readonly List<(ulong Key, string? Thread)> _processes = [];
    private readonly HashSet<ulong> _userTables = [];
    private readonly Dictionary<(ulong Key, string Name), int> _guesses = [];
    private readonly Dictionary<ulong, int> _numbers = [];
    private readonly Dictionary<string, int> _threads = new(StringComparer.Ordinal);
    private readonly Dictionary<ulong, string> _names = [];
    private readonly Dictionary<(ulong Task, ulong Key), (long Time, int Process)> _seen = [];

    /// <summary>The number of an address space (<see cref="AddressSpace"/>); −1 for none.</summary>
    public int ProcessOf(ulong key)
    {
        if (AddressSpace.TableOf(key) == 0)
            return -1;
        _userTables.Add(AddressSpace.TableOf(key));
        return NumberOf(key);
    }

    /// <summary>The number of what a sample in the kernel was on behalf of.</summary>
    /// <param name="key">The address space in use.</param>
    /// <param name="task">SP_EL0, which points to the current task in the kernel (arch/arm64/include/asm/current.h).</param>
    public int ProcessOf(ulong key, ulong task)
    {
        layout.Learn(task, AddressSpace.TableOf(key));
        var now = Environment.TickCount64;
        if (_seen.TryGetValue((task, key), out var last) && now - last.Time < Often)
            return last.Process;
        var process = AddressSpace.TableOf(key) == 0 ? -1 : NumberOf(key);
        var (kind, name) = layout.Read(task, AddressSpace.TableOf(key));
        switch (kind)
        {
            case TaskLayout.Kind.Process:
                _names[key] = name;
                break;
            case TaskLayout.Kind.KernelThread:
                if (!_threads.TryGetValue(name, out process))
                {
                    process = _processes.Count;
                    _processes.Add((0, name));
                    _threads.Add(name, process);
                }

                break;
            default:
                // Before all of the layout is known the name alone is. A table that EL0 never ran with is the kernel's own, and who has it a thread of the kernel.
                if (!layout.IsKnown && process >= 0 && layout.NameOf(task) is { } guess)
                {
                    if (!_guesses.TryGetValue((key, guess), out process))
                    {
                        process = _processes.Count;
                        _processes.Add((key, null));
                        _guesses.Add((key, guess), process);
                    }
                }

                break;
        }

        if (_seen.Count > MostSeen)
            _seen.Clear();
        _seen[(task, key)] = (now, process);
        return process;
    }

    public List<ProfileProcess> ToList()
    {
        var guessed = _guesses.Where(one => !_userTables.Contains(AddressSpace.TableOf(one.Key.Key))).ToDictionary(one => one.Value, one => one.Key.Name);

        // A process that ends gives its memory up first (exit_mm in kernel/exit.c), and is like a thread of the kernel then.
        var programs = _names.Values.ToHashSet(StringComparer.Ordinal);
        return [.. _processes.Select((process, number) => (process.Thread ?? guessed.GetValueOrDefault(number)) is { } thread
            ? new ProfileProcess(0, -1, -1, programs.Contains(thread) ? $"{thread} (exiting)" : $"[{thread}]")
            : new ProfileProcess(AddressSpace.TableOf(process.Key), AddressSpace.AsidOf(process.Key), -1, NameOf(process.Key)))];

        // With a table of their own for EL0 (kernel page table isolation) kernels have two ASIDs a process, alike but for the lowest bit
        // (arch/arm64/include/asm/mmu.h, USER_ASID_FLAG). The table alone tells nothing: the next process may have its pages.
        string NameOf(ulong key) => _names.TryGetValue(key, out var name) || _names.TryGetValue(AddressSpace.Other(key), out name) ? name : "";
    }

    private int NumberOf(ulong key)
    {
        if (!_numbers.TryGetValue(key, out var number))
        {
            number = _processes.Count;
            _processes.Add((key, null));
            _numbers.Add(key, number);
        }

        return number;
    }
}
