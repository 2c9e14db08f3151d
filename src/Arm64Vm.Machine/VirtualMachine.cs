using System.Diagnostics;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Cpu;
using Arm64Vm.Devices.Clock;
using Arm64Vm.Devices.Virtio.Balloon;
using Arm64Vm.Devices.Virtio.Input;
using Arm64Vm.Devices.Virtio.Serial;
using Arm64Vm.Machine.Board;
using Arm64Vm.Machine.Boot;
using Arm64Vm.Machine.Boot.DeviceTree;
using Arm64Vm.Machine.Running;

namespace Arm64Vm.Machine;

/// <summary>A virtual machine: the <c>virt</c> board.</summary>
/// <remarks>
/// Its processors run on the threads of a <see cref="Hypervisor"/>, its own or one that machines share; beyond those threads machines share nothing.
/// All members are safe from any thread.
/// </remarks>
public sealed partial class VirtualMachine : IAsyncDisposable
{
    private readonly MachineParts _parts;
    private readonly SystemClock? _ownClock;
    private readonly MachineRunner _runner;
    private readonly Hypervisor _hypervisor;
    private readonly bool _ownsHypervisor;
    private readonly TaskCompletionSource<RunResult> _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Stopwatch _elapsed = new();

    /// <summary>Guards what follows; pulsed when the board or the state changes.</summary>
    private readonly object _gate = new();

    /// <summary>Null: between two power-ons, after a reset that failed, and once disposed. The lock is kept while it is used.</summary>
    private VirtMachineBoard? _board;
    private BootPackage _boot;
    private RunState _state = RunState.Created;
    private bool _pauseWanted;
    private bool _stopWanted;
    private bool _resetWanted;
    private bool _disposed;
    private TaskCompletionSource? _paused;

    /// <summary>Completed when a machine that stands is to look at its requests again.</summary>
    private TaskCompletionSource? _standing;
    private Task _run = Task.CompletedTask;
    private int _resets;

    private VirtualMachine(MachineParts parts, SystemClock? ownClock, Hypervisor hypervisor, bool ownsHypervisor, MachineRunner runner, BootPackage boot, VirtMachineBoard board)
    {
        _hypervisor = hypervisor;
        _ownsHypervisor = ownsHypervisor;
        _runner = runner;
        _parts = parts;
        _ownClock = ownClock;
        _boot = boot;
        _board = board;
        board.DeviceRemoved = Removed;
    }

    /// <summary>The configuration it was made from.</summary>
    public MachineConfig Config => _parts.Config;

    /// <summary>Whose threads run it.</summary>
    public Hypervisor Hypervisor => _hypervisor;

    /// <summary>What it is called in statistics.</summary>
    public string Name => _runner.Group.Name;

    /// <summary>What it gets of contended host processors, in proportion to the weights of the other machines of its hypervisor; 100 at first. May change at any moment.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not from 1 to 10,000.</exception>
    public int Weight
    {
        get => _runner.Group.Weight;
        set => _runner.Group.Weight = value;
    }

    /// <summary>The most it gets, in thousandths of one host processor, also when the host is idle; 0: no limit. May change at any moment.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public int Cap
    {
        get => _runner.Group.Cap;
        set => _runner.Group.Cap = value;
    }

    /// <summary>The guest's serial console.</summary>
    public SerialConsole Console => _parts.Console;

    /// <summary>The guest's second serial console; null without <see cref="MachineConfig.HasSecondSerial"/>.</summary>
    public SerialConsole? SecondConsole => _parts.SecondConsole;

    /// <summary>The guest's virtio console; null without <see cref="MachineConfig.HasVirtioConsole"/>.</summary>
    public SerialConsole? VirtioConsole => _parts.VirtioConsole;

    /// <summary>The host's ends of <see cref="MachineConfig.VirtioPorts"/>, in their order.</summary>
    public IReadOnlyList<SerialConsole> VirtioPorts => _parts.VirtioPorts;

    /// <summary>What is typed on the guest's keyboard; without <see cref="MachineConfig.HasInput"/> it goes nowhere.</summary>
    internal InputQueue Keyboard => _parts.Keyboard;

    /// <summary>What the guest's pointer does; as <see cref="Keyboard"/>.</summary>
    internal InputQueue Pointer => _parts.Pointer;

    /// <summary>True where guest instructions run as emitted machine code.</summary>
    public bool IsJit => _parts.Execution.Backend != ExecutionBackend.Interpreter;

    internal VirtMachineBoard Board => _board ?? throw new InvalidOperationException("The machine has no board.");

    /// <summary>What it is doing.</summary>
    public RunState State
    {
        get
        {
            lock (_gate)
                return _state;
        }
    }

    /// <summary>Makes a machine, reads what it boots, and puts that into its memory. Nothing runs yet.</summary>
    /// <exception cref="MachineConfigurationException">The configuration is impossible.</exception>
    /// <exception cref="BootImageException">A file is not what it should be, or does not fit.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    /// <param name="config">What it is.</param>
    /// <param name="hypervisor">Whose threads run it; null: its own.</param>
    /// <param name="name">What it is called in statistics; null: a number.</param>
    public static VirtualMachine Create(MachineConfig config, Hypervisor? hypervisor = null, string? name = null)
    {
        var model = Check(config);
        var execution = Executors.Choose(config.Backend, config.Il);
        var timestamp = execution.Features is not { } host || config.Clock is not null ? null : HostTimestamp.TryCreate(host);
        var ownsHypervisor = hypervisor is null;
        hypervisor ??= new Hypervisor(new HypervisorOptions { Workers = Math.Min(config.Cpus, Environment.ProcessorCount) });
        var ownClock = config.Clock is null ? new SystemClock(startPaused: true, timestamp: timestamp, thread: hypervisor.ClockThread) : null;
        var parts = new MachineParts
        {
            Config = config,
            Model = model,
            Registers = hypervisor.Registers,
            Execution = execution,
            Clock = config.Clock ?? ownClock!,
            Console = new SerialConsole(config.SerialOutput),
            VirtioConsole = config.HasVirtioConsole ? new SerialConsole(config.VirtioConsoleOutput) : null,
            SecondConsole = config.HasSecondSerial ? new SerialConsole(config.SecondSerialOutput) : null,
            VirtioPorts = [.. config.VirtioPorts.Select(port => new SerialConsole(port.Output))],
        };
        var runner = new MachineRunner(hypervisor.Scheduler, name ?? hypervisor.NextName(), config.Cpus, parts.Clock);
        runner.GaveBack = hypervisor.CountIdleRelease;
        foreach (var console in parts.Consoles)
            console.StallChanged = runner.Stall;
        BootPackage? boot = null;
        try
        {
            parts.CatchFileSizeSignal();
            parts.OpenDisks();
            parts.OpenVariables();
            parts.Networks.Open(config.Networks);
            parts.OpenShares();
            parts.OpenVsock();
            parts.StartTpm();
            boot = BootPackage.Prepare(parts);
            VirtualMachine? machine = null;
            var board = new VirtMachineBoard(parts, boot, () => machine?.IsStopping ?? false, runner);
            ReleaseFiles(config, boot);
            machine = new VirtualMachine(parts, ownClock, hypervisor, ownsHypervisor, runner, boot, board);
            hypervisor.Add(machine);
            return machine;
        }
        catch (Exception e)
        {
            boot?.Dispose();
            foreach (var console in parts.Consoles)
                console.Close();
            runner.Close();
            ownClock?.Dispose();
            if (ownsHypervisor)
                hypervisor.Close();
            parts.Dispose();
            if (e is ExecutableMemoryException)
                throw new MachineConfigurationException($"The host gives no memory for emitted code: {e.Message}", e);
            if (e is OutOfMemoryException)
                throw new MachineConfigurationException($"The host cannot give {config.Memory} bytes of memory: {e.Message}", e);
            throw;
        }
    }

    /// <summary>Runs the machine until it is switched off, the guest program ends, or it is stopped.</summary>
    /// <param name="cancellation">Stops it; the result then says <see cref="RunEnd.Stopped"/>.</param>
    /// <exception cref="InvalidOperationException">It has been run before.</exception>
    /// <exception cref="BootImageException">At a reset: a file cannot be loaded any more.</exception>
    /// <exception cref="IOException">At a reset: a file cannot be read any more.</exception>
    public async Task<RunResult> RunAsync(CancellationToken cancellation = default)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_state != RunState.Created)
                throw new InvalidOperationException("A machine runs once.");
            _state = RunState.Running;
            if (Config.StartsPaused)
            {
                _pauseWanted = true;
                _board?.RequestStop(VcpuStop.Paused);
            }

            _elapsed.Start();
            _ownClock?.Resume();
            _run = Task.Run(RunToEndAsync, CancellationToken.None);
        }

        _hypervisor.Raise(this, MachineEventKind.Started);

        await using var registration = cancellation.Register(RequestStop).ConfigureAwait(false);
        return await _finished.Task.ConfigureAwait(false);
    }

    /// <summary>Stops the processor and the machine's time; completes when both stand. No effect on a machine that does not run.</summary>
    public Task PauseAsync()
    {
        lock (_gate)
        {
            // A machine that was resumed a moment ago and has not noticed yet simply stays where it is.
            if (_state is RunState.Running or RunState.Paused)
                _pauseWanted = true;
            if (_state != RunState.Running)
                return Task.CompletedTask;
            _paused ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _board?.RequestStop(VcpuStop.Paused);
            _runner.Group.ForgiveDebt();
            return _paused.Task;
        }
    }

    /// <summary>Lets a paused machine go on.</summary>
    public void Resume()
    {
        lock (_gate)
        {
            _pauseWanted = false;

            // What a debugger stopped for is over; a breakpoint that is still there stops again.
            if (_state == RunState.Paused && _board is { } board)
            {
                foreach (var vcpu in board.Vcpus)
                    vcpu.PrepareForDebugger(steps: false, holds: false);
            }

            _standing?.TrySetResult();
        }
    }

    /// <summary>Ends the run, as pulling the plug does; completes when the processor stands. No effect on a machine that does not run.</summary>
    public Task StopAsync()
    {
        RequestStop();
        lock (_gate)
            return _state == RunState.Created ? Task.CompletedTask : _ended.Task;
    }

    /// <summary>Resets the machine, as its reset button does, whatever <see cref="MachineConfig.NoReboot"/> says; a paused machine stays paused.</summary>
    public void Reset()
    {
        lock (_gate)
        {
            if (_state is not (RunState.Running or RunState.Paused))
                return;
            _resetWanted = true;
            _board?.RequestStop(VcpuStop.Paused);
            _runner.Group.ForgiveDebt();
            _standing?.TrySetResult();
        }
    }

    /// <summary>Presses the power key, which asks the guest to shut down.</summary>
    public void PressPowerKey()
    {
        lock (_gate)
        {
            if (_state == RunState.Ended)
                return;
            _board?.PowerKey.Press();
        }

        _hypervisor.Raise(this, MachineEventKind.PowerKeyPressed);
    }

    /// <summary>Asks the guest through its balloon to make do with less memory than it has, or lets it have it again; a reset keeps the wish.</summary>
    /// <param name="bytes">What it is to be left with. A driver decides when, and how much of it, it can do: see <see cref="GuestMemory"/>.</param>
    /// <exception cref="InvalidOperationException">The machine has no balloon.</exception>
    /// <exception cref="ArgumentOutOfRangeException">More than the machine has.</exception>
    public void SetGuestMemory(ulong bytes)
    {
        if (!Config.HasBalloon)
            throw new InvalidOperationException("The machine has no balloon.");
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, Config.Memory);
        lock (_gate)
        {
            _parts.BalloonTarget = (uint)((Config.Memory - bytes) / VirtioBalloon.PageSize);
            if (_board?.Balloon is { } balloon)
                balloon.Target = _parts.BalloonTarget;
        }
    }

    /// <summary>Bytes of memory that the guest has, without what it says is in its balloon.</summary>
    public ulong GuestMemory
    {
        get
        {
            lock (_gate)
                return Config.Memory - Math.Min(Config.Memory, (_board?.Balloon?.Actual ?? 0) * VirtioBalloon.PageSize);
        }
    }

    /// <summary>How long a wait for a text may take to notice that it was answered before the machine ended.</summary>
    private static readonly TimeSpan EndGrace = TimeSpan.FromSeconds(1);

    /// <summary>Completes when the guest has printed <paramref name="text"/>; see <see cref="SerialConsole.WaitForAsync"/>. Fails at once when the run ends first.</summary>
    /// <exception cref="TimeoutException">It was not printed in time, or the machine ended before; the message has the end of the console.</exception>
    public async Task WaitForConsoleAsync(string text, TimeSpan timeout)
    {
        var seen = Console.WaitForAsync(text, timeout);
        if (await Task.WhenAny(seen, _ended.Task).ConfigureAwait(false) != seen)
        {
            // The text may have come with the last output: the wait has then been answered, but its continuation not yet run.
            await Task.WhenAny(seen, Task.Delay(EndGrace)).ConfigureAwait(false);
            if (!seen.IsCompleted)
                throw new TimeoutException(Console.DescribeMissing(text));
        }

        await seen.ConfigureAwait(false);
    }

    /// <summary>Stops the machine and releases everything it holds.</summary>
    public async ValueTask DisposeAsync()
    {
        bool started;
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            started = _state != RunState.Created;
        }

        if (started)
        {
            await StopAsync().ConfigureAwait(false);
            await _run.ConfigureAwait(false);
        }

        foreach (var console in _parts.Consoles)
            console.Dispose();
        VirtMachineBoard? board;
        lock (_gate)
        {
            _state = RunState.Ended;
            board = _board;
            _board = null;
        }

        _recording?.Stop();
        board?.Dispose();
        _recording?.Dispose();
        _boot.Dispose();
        _runner.Close();
        _ownClock?.Dispose();
        _parts.Dispose();
        _hypervisor.Remove(this);
        if (_ownsHypervisor)
            _hypervisor.Close();
    }

    internal bool IsStopping => Volatile.Read(ref _stopWanted);

    private void RequestStop()
    {
        lock (_gate)
        {
            if (_state is RunState.Created or RunState.Ended)
                return;
            Volatile.Write(ref _stopWanted, true);
            _board?.RequestStop(VcpuStop.Paused);
            _runner.Group.ForgiveDebt();
            _standing?.TrySetResult();
        }

        // A guest that waits for a stuck terminal must see the request; half a second lets a slow one finish.
        _ = Task.Delay(500).ContinueWith(_ => CloseStuckConsole(), TaskScheduler.Default);
    }

    private void CloseStuckConsole()
    {
        if (State == RunState.Ended)
            return;
        foreach (var console in _parts.Consoles)
            console.Close();
    }

    /// <summary>Finds the processor model, and says what is impossible.</summary>
    /// <exception cref="MachineConfigurationException">Something is.</exception>
    internal static CpuModel Check(MachineConfig config)
    {
        var model = CpuModels.Find(config.Cpu)
            ?? throw new MachineConfigurationException($"There is no processor '{config.Cpu}'; there are {string.Join(", ", CpuModels.All.Select(m => m.Name))}.");
        if (config.Cpus < 1)
            throw new MachineConfigurationException("A machine needs a processor.");
        var most = config.Gic == GicVersion.V2 ? MachineConfig.MaximumCpusV2 : MachineConfig.MaximumCpus;
        if (config.Cpus > most)
            throw new MachineConfigurationException($"A machine with a GICv{(int)config.Gic} has at most {most} processors, not {config.Cpus}.");
        if (config.Memory == 0 || config.Memory % MachineConfig.MemoryGranularity != 0)
            throw new MachineConfigurationException($"The memory must be a multiple of {MachineConfig.MemoryGranularity >> 10} KiB, but it is {config.Memory} bytes.");
        if (config.CodeMemory is < MachineConfig.MinimumCodeMemory or > MachineConfig.MaximumCodeMemory)
            throw new MachineConfigurationException($"The memory for translated code must be {MachineConfig.MinimumCodeMemory >> 20} MiB to {MachineConfig.MaximumCodeMemory >> 30} GiB, but it is {config.CodeMemory >> 20} MiB.");
        if (config.Memory > MachineConfig.MaximumMemory)
            throw new MachineConfigurationException($"The memory must be at most {MachineConfig.MaximumMemory >> 30} GiB, but it is {config.Memory >> 30} GiB.");
        _ = VirtioPlaces.Assign(config);
        CheckPorts(config.VirtioPorts);
        if (config.Vars is not null && config.Firmware is null)
            throw new MachineConfigurationException("A file of firmware variables needs firmware.");
        if (config.Gic is not (GicVersion.V2 or GicVersion.V3))
            throw new MachineConfigurationException("The interrupt controller is a GICv2 or a GICv3.");
        if (config.Messages == MessageController.Its && config.Gic != GicVersion.V3)
            throw new MachineConfigurationException("An interrupt translation service needs a GICv3.");
        return model;
    }

    private static void CheckPorts(IReadOnlyList<VirtioPortConfig> ports)
    {
        if (ports.Count > VirtioSerial.MostPorts)
            throw new MachineConfigurationException($"A machine has at most {VirtioSerial.MostPorts} virtio ports, not {ports.Count}.");
        foreach (var port in ports)
        {
            if (port.Name.Length is 0 or > VirtioSerial.LongestName || !port.Name.All(c => c is > ' ' and < '\x7F' and not '/') || ports.Count(other => other.Name == port.Name) > 1)
                throw new MachineConfigurationException($"The name '{port.Name}' of a virtio port must have 1 to {VirtioSerial.LongestName} printable ASCII characters, no slash, and be the only one of its kind.");
        }
    }

    /// <summary>The files have been copied into RAM; only firmware reads them later.</summary>
    private static void ReleaseFiles(MachineConfig config, BootPackage boot)
    {
        if (config.Firmware is null)
            boot.Dispose();
    }
}
