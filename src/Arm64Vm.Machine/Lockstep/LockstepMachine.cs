using System.Globalization;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Cpu;
using Arm64Vm.Ir;
using Arm64Vm.Machine.Board;
using Arm64Vm.Translation;
using Arm64Vm.Translation.Il;
using Arm64Vm.Translation.Jit;

namespace Arm64Vm.Machine.Lockstep;

/// <summary>
/// The same machine twice, on a back end and on one that it is held to (the interpreter, or emitted code for il), in virtual time: after every translation unit the processors are
/// compared, from time to time system registers and memory too.
/// </summary>
/// <remarks>Both machines' time moves by a fixed amount per unit, so that interrupts come at the same places. One thread.</remarks>
internal sealed class LockstepMachine : IDisposable
{
    private const ulong NanosecondsPerUnit = 100;
    private const long SystemInterval = 1 << 14;
    private const long MemoryInterval = 1 << 22;

    private readonly LockstepSide _reference;
    private readonly LockstepSide _jit;
    private readonly List<LockstepDifference> _differences = [];
    private readonly UnitDescription _description;
    private ulong _pc;

    /// <summary>Makes both machines.</summary>
    /// <param name="config">What they are. Disks become snapshots, and the file of variables is only read; clock and randomness are replaced; what the guest prints is printed once.</param>
    /// <exception cref="MachineConfigurationException">The configuration is impossible, has several processors or devices that others answer for, or this host has no x64 back end.</exception>
    /// <exception cref="BootImageException">A file is not what it should be, or does not fit.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public LockstepMachine(MachineConfig config)
    {
        var model = VirtualMachine.Check(config);
        if (config.Cpus != 1)
            throw new MachineConfigurationException("Lockstep compares machines with one processor: with more, their order differs from run to run.");
        if (ForeignDevice(config) is { } device)
            throw new MachineConfigurationException($"Lockstep compares machines in virtual time, which nothing outside of them knows: they have no {device}.");
        var execution = Executors.Choose(config.Backend == ExecutionBackend.Auto ? ExecutionBackend.X64 : config.Backend, IlOptions.Immediate);
        var reference = Executors.Choose(execution.Backend == ExecutionBackend.Il && HostFeatures.Detect().MeetsBaseline ? ExecutionBackend.X64 : ExecutionBackend.Interpreter);
        var common = config with
        {
            RandomSeed = config.RandomSeed ?? 1,
            NoReboot = true,
            Disks = [.. config.Disks.Select(disk => disk with { Mode = disk.Mode == DiskMode.ReadWrite ? DiskMode.Snapshot : disk.Mode })],
        };

        // Both sides' units are the same.
        var rounds = execution.Backend == ExecutionBackend.Il ? 1 : TranslatorOptions.MachineRounds;
        _reference = new LockstepSide(common, model, reference with { KeepsFlags = true, Rounds = rounds });
        try
        {
            _jit = new LockstepSide(common with { SerialOutput = null, Log = null }, model, execution with { KeepsFlags = true, Rounds = rounds });
        }
        catch
        {
            _reference.Dispose();
            throw;
        }

        _description = new UnitDescription(model, rounds);
    }

    /// <summary>What the guest prints.</summary>
    public SerialConsole Console => _reference.Console;

    internal LockstepSide Jit => _jit;

    /// <summary>Runs until the guest ends, the machines differ, or <paramref name="limit"/> units have been executed.</summary>
    public LockstepResult Run(long limit = long.MaxValue, CancellationToken cancellation = default)
    {
        for (long unit = 1; ; unit++)
        {
            _pc = _jit.Board.Vcpu.Pc;
            var first = _reference.RunUnit();
            var second = _jit.RunUnit();
            if (first != second || !AreEqual(unit))
                return Differ(unit, first.Reason, second.Reason);
            if (first.Reason is VcpuReturn.PowerOff or VcpuReturn.Reset or VcpuReturn.Exited)
                return Compared(unit) ? new LockstepResult(LockstepEnd.GuestEnded, unit, [], null) : Differ(unit, first.Reason, second.Reason);
            if (unit == limit)
                return Compared(unit) ? new LockstepResult(LockstepEnd.Limit, unit, [], null) : Differ(unit, first.Reason, second.Reason);
            if ((unit & 0xFFF) == 0 && cancellation.IsCancellationRequested)
                return new LockstepResult(LockstepEnd.Stopped, unit, [], null);
            if (!Advance(first))
                return new LockstepResult(LockstepEnd.WaitsForever, unit, [], null);
        }
    }

    public void Dispose()
    {
        _reference.Dispose();
        _jit.Dispose();
    }

    /// <summary>What the configuration has that answers when the host likes, or two machines would have to share; null: nothing.</summary>
    private static string? ForeignDevice(MachineConfig config) => config switch
    {
        { Networks.Count: > 0 } => "network",
        { Shares.Count: > 0 } => "shared folder",
        { Vsock: not null } => "vsock",
        { Tpm: not null } => "TPM",
        { VirtioPorts.Count: > 0 } or { HasVirtioConsole: true } => "virtio console",
        { HasSecondSerial: true } => "second serial console",
        _ => null,
    };

    /// <summary>Moves both clocks: by a step, or to the next event when the processors wait. False: there is none.</summary>
    private bool Advance(VcpuResult result)
    {
        var step = NanosecondsPerUnit;
        if (result.IsWaiting)
        {
            var deadline = Math.Min(result.Deadline ?? ulong.MaxValue, _reference.Clock.NextDeadline ?? ulong.MaxValue);
            if (result.Reason == VcpuReturn.Off || deadline == ulong.MaxValue)
                return false;
            step = Math.Max(step, deadline - Math.Min(deadline, _reference.Clock.Nanoseconds));
        }

        _reference.Clock.Advance(step);
        _jit.Clock.Advance(step);
        return true;
    }

    private bool AreEqual(long unit)
    {
        if (!StateComparison.AreEqual(_reference.Board.Vcpu, _jit.Board.Vcpu) || _reference.Executor.LastReason != _jit.Executor.LastReason)
            return false;
        if (unit % SystemInterval != 0)
            return true;
        Compare(withMemory: unit % MemoryInterval == 0);
        return _differences.Count == 0;
    }

    private bool Compared(long unit)
    {
        _ = unit;
        Compare(withMemory: true);
        return _differences.Count == 0;
    }

    private void Compare(bool withMemory)
    {
        _differences.Clear();
        StateComparison.Describe(_reference.Board.Vcpu, _jit.Board.Vcpu, _differences);
        Add("time of the next timer", _reference.Clock.NextDeadline ?? 0, _jit.Clock.NextDeadline ?? 0);
        Add("bytes printed", (ulong)_reference.Console.Length, (ulong)_jit.Console.Length);
        if (withMemory)
            MemoryComparison.Compare(_reference.Board.Ram, _jit.Board.Ram, _differences);
    }

    private LockstepResult Differ(long unit, VcpuReturn first, VcpuReturn second)
    {
        Compare(withMemory: true);
        if (first != second)
            _differences.Insert(0, new LockstepDifference("processor stopped", first.ToString(), second.ToString()));
        if (_reference.Executor.LastReason != _jit.Executor.LastReason)
            _differences.Insert(0, new LockstepDifference("left the unit for", _reference.Executor.LastReason.ToString(), _jit.Executor.LastReason.ToString()));
        var emitted = _jit.Board.ProcessorExecutors[0] is JitExecutor ? _jit : _reference;
        var where = emitted.Board.ProcessorExecutors[0] is JitExecutor jit ? _description.Describe(jit, emitted.Board.Memory, _pc) : null;
        return new LockstepResult(LockstepEnd.Difference, unit, [.. _differences], where);
    }

    private void Add(string name, ulong one, ulong other)
    {
        if (one != other)
            _differences.Add(new LockstepDifference(name, one.ToString(CultureInfo.InvariantCulture), other.ToString(CultureInfo.InvariantCulture)));
    }
}
