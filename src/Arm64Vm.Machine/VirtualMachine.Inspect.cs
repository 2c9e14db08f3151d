using System.Diagnostics.CodeAnalysis;
using Arm64Vm.Cpu;
using Arm64Vm.Devices.Display;
using Arm64Vm.Ir;
using Arm64Vm.Machine.Board;
using Arm64Vm.Translation.Jit;

namespace Arm64Vm.Machine;

/// <summary>Looking into a machine, and changing it, while it stands still.</summary>
public sealed partial class VirtualMachine
{
    /// <summary>What was found to be damaged in images of disks while the machine ran, a sentence each; the guest had I/O errors. At any time.</summary>
    public IReadOnlyList<string> DiskDamage => [.. _parts.Images.Select(image => image.Damage).OfType<string>()];

    /// <summary>Copies the registers of the processor.</summary>
    /// <exception cref="InvalidOperationException">The machine runs; pause it first.</exception>
    public CpuRegisters ReadRegisters()
    {
        lock (_gate)
        {
            var state = Standing().Save();
            var v = new UInt128[32];
            for (var i = 0; i < v.Length; i++)
                v[i] = new UInt128(state.V[2 * i + 1], state.V[2 * i]);
            return new CpuRegisters
            {
                X = state.X[..31],
                StackPointer = state.X[31],
                Pc = state.Pc,
                ProcessorState = state.ProcessorState,
                ExceptionLevel = (int)(state.ProcessorState >> 2) & 3,
                V = v,
                Fpcr = state.Fpcr,
                Fpsr = state.Fpsr,
                System = SystemRegisters(state),
            };
        }
    }

    private static Dictionary<ushort, ulong> SystemRegisters(VcpuState state)
    {
        var all = new Dictionary<ushort, ulong>(state.SystemRegisters);

        // Those that guest code reaches without leaving are kept apart.
        ReadOnlySpan<uint> direct =
        [
            DirectRegisters.TPIDR_EL0, DirectRegisters.TPIDRRO_EL0, DirectRegisters.TPIDR_EL1, DirectRegisters.ELR_EL1, DirectRegisters.SPSR_EL1,
            DirectRegisters.ESR_EL1, DirectRegisters.FAR_EL1, DirectRegisters.CONTEXTIDR_EL1,
        ];
        foreach (var encoding in direct)
        {
            var place = DirectRegisters.OffsetOf(encoding, exceptionLevel: 1, write: false) - GuestContext.DirectRegistersOffset;
            all[(ushort)encoding] = state.Direct[place / sizeof(ulong)];
        }

        return all;
    }

    /// <summary>Sets X0 to X30.</summary>
    /// <exception cref="InvalidOperationException">The machine runs; pause it first.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such register.</exception>
    public void WriteX(int register, ulong value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)register, 30u, nameof(register));
        lock (_gate)
            Standing().SetX(register, value);
    }

    /// <summary>Sets the program counter.</summary>
    /// <exception cref="InvalidOperationException">The machine runs; pause it first.</exception>
    public void WritePc(ulong value)
    {
        lock (_gate)
            Standing().Pc = value;
    }

    /// <summary>Copies guest-physical RAM or flash; false where something else is there.</summary>
    /// <remarks>
    /// Allowed while the machine runs: the bytes are then those of some moment each. While it is being reset, the call waits for the
    /// memory of the next power-on; a machine whose reset failed has none.
    /// </remarks>
    public bool TryReadMemory(ulong physicalAddress, Span<byte> destination)
    {
        lock (_gate)
            return WaitForBoard() is { } board && board.Memory.TryRead(physicalAddress, destination);
    }

    /// <summary>Changes guest-physical RAM; false where something else is there.</summary>
    /// <remarks>As <see cref="TryReadMemory"/>.</remarks>
    public bool TryWriteMemory(ulong physicalAddress, ReadOnlySpan<byte> source)
    {
        lock (_gate)
            return WaitForBoard() is { } board && board.Memory.TryWrite(physicalAddress, source);
    }

    /// <summary>Copies what the guest shows on its display; null where it shows nothing, or has none (<see cref="MachineConfig.HasDisplay"/>).</summary>
    /// <remarks>Allowed while the machine runs: the picture is then caught while it is drawn.</remarks>
    public ScreenImage? CaptureScreen()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _board?.Display?.Capture();
        }
    }

    /// <summary>Copies what the guest shows into a buffer that is used again; false where <see cref="CaptureScreen"/> gives null, and once the machine is gone.</summary>
    internal bool TryCaptureScreen([NotNullWhen(true)] ref byte[]? pixels, out int columns, out int rows)
    {
        lock (_gate)
        {
            if (_board?.Display is { } display)
                return display.TryCapture(ref pixels, out columns, out rows);
            (columns, rows) = (0, 0);
            return false;
        }
    }

    /// <summary>The flattened device tree that the guest was given at the last power-on; empty when there was no room for it.</summary>
    public ReadOnlyMemory<byte> DeviceTree
    {
        get
        {
            lock (_gate)
            {
                foreach (var segment in _boot.Plan.Segments)
                {
                    if (segment.Address == _boot.Plan.DeviceTreeAddress)
                        return segment.Data;
                }

                return default;
            }
        }
    }

    /// <summary>Counters; while the machine runs they are those of some moment each, and between two power-ons zero.</summary>
    public MachineStatistics GetStatistics()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _board is { } board
                ? MachineStatistics.Collect(board, _elapsed.Elapsed, _resets)
                : MachineStatistics.Nothing(IsJit, _elapsed.Elapsed, _resets);
        }
    }

    /// <summary>What it uses now. Allowed at any moment.</summary>
    public MachineUsage GetUsage()
    {
        lock (_gate)
        {
            var schedule = _runner.Statistics;
            var processors = new ProcessorUsage[schedule.Length];
            for (var i = 0; i < processors.Length; i++)
            {
                var exits = _board is { } board && i < board.Vcpus.Count ? MachineStatistics.Named(board.Vcpus[i].ExitCounts) : [];
                processors[i] = new ProcessorUsage(i, schedule[i]?.RunTime ?? default, exits) { Schedule = schedule[i] };
            }

            return new MachineUsage(Name, _state, Weight, Cap, _runner.Group.RunTime, processors)
            {
                Translation = _board is { } translating ? TranslationStatistics.Collect(translating.ProcessorExecutors) : null,
                IdleBytesReleased = _board?.IdleMemory.Bytes ?? 0,
                Cache = Cache is { } cache ? new CacheUsage(cache.Statistics.LiveUnits, cache.Statistics.LiveBytes, cache.Capacity, cache.TableBytes) : null,
            };
        }
    }

    /// <summary>Translations take the time from now on, until the machine is reset: somebody looks at it.</summary>
    internal void TimeTranslations()
    {
        lock (_gate)
        {
            if (Cache is { } cache)
                cache.TimesTranslations = true;
        }
    }

    /// <summary>Null: there is none. Under the lock.</summary>
    private TranslationCache? Cache => _board is { } board && board.ProcessorExecutors[0] is JitExecutor jit ? jit.Cache : null;

    private Vcpu Standing()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ThrowIfRunning();

        // While a machine that stands is reset, others may resume it.
        var board = WaitForBoard();
        ThrowIfRunning();
        return board?.Vcpu ?? throw new InvalidOperationException("The machine has no processor: its reset failed.");
    }

    private void ThrowIfRunning()
    {
        if (_state == RunState.Running)
            throw new InvalidOperationException("The machine runs; pause it first.");
    }

    /// <summary>The board, waited for while there is one to come; null: there will be none. Under the lock, which waiting lets go.</summary>
    private VirtMachineBoard? WaitForBoard()
    {
        // The thread that makes the new board (a log that looks at memory) would wait for itself.
        while (_board is null && !_disposed && _state != RunState.Ended && Volatile.Read(ref _restarting) != Environment.CurrentManagedThreadId)
            Monitor.Wait(_gate);
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _board;
    }
}
