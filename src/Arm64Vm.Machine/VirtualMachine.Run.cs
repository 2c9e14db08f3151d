using Arm64Vm.Cpu;
using Arm64Vm.Machine.Board;

namespace Arm64Vm.Machine;

/// <summary>The run, from power-on to the end: what follows from each stop of the processors. It holds a thread only while it decides.</summary>
public sealed partial class VirtualMachine
{
    /// <summary>The thread that makes the board anew; 0: none does.</summary>
    private int _restarting;

    private async Task RunToEndAsync()
    {
        RunResult? result = null;
        Exception? failure = null;
        try
        {
            result = await RunAndRestartAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            failure = e;
        }

        EndedBy = result?.End;
        _ownClock?.Pause();
        _elapsed.Stop();
        lock (_gate)
        {
            _state = RunState.Ended;
            _paused?.TrySetResult();
            _paused = null;
            Monitor.PulseAll(_gate);
        }

        foreach (var console in _parts.Consoles)
            console.EndInput();
        _hypervisor.Raise(this, MachineEventKind.Ended);
        _ended.TrySetResult();
        if (result is not null)
            _finished.TrySetResult(result);
        else
            _finished.TrySetException(failure!);
    }

    private async Task<RunResult> RunAndRestartAsync()
    {
        while (true)
        {
            var board = Board;
            board.Phases?.Start();
            var stop = await _runner.RunAsync(board.Vcpus, board.IdleMemory).ConfigureAwait(false);
            switch (stop)
            {
                case VcpuReturn.PowerOff:
                    return End(board.HasPanicked ? RunEnd.Panic : RunEnd.PowerOff);
                case VcpuReturn.Exited:
                    return End(RunEnd.SemihostingExit, board.ExitCode);
                case VcpuReturn.Reset when Config.NoReboot:
                    return End(RunEnd.Reset);
                case VcpuReturn.Reset:
                    Restart(byGuest: true);
                    break;
                case VcpuReturn.Debug:
                    StandForDebugger();
                    goto default;
                default:
                    if (!await WaitWhilePausedAsync().ConfigureAwait(false))
                        return End(RunEnd.Stopped);
                    if (TakeResetRequest())
                        Restart(byGuest: false);
                    break;
            }
        }
    }

    private bool TakeResetRequest()
    {
        lock (_gate)
        {
            var wanted = _resetWanted;
            _resetWanted = false;
            return wanted;
        }
    }

    /// <summary>True: a reset is wanted of a machine that is to stand still after it as before.</summary>
    private bool TakeResetOfStanding()
    {
        lock (_gate)
            return _pauseWanted && !_stopWanted && TakeResetRequest();
    }

    private RunResult End(RunEnd end, int exitCode = 0) => new(end, exitCode, _elapsed.Elapsed);

    /// <summary>Stands still as long as that is wanted; false when the machine is to stop.</summary>
    private async Task<bool> WaitWhilePausedAsync()
    {
        if (BeginPause())
        {
            _hypervisor.Raise(this, MachineEventKind.Paused);
            while (NextStand() is { } standing)
            {
                await standing.ConfigureAwait(false);

                // Its state stays what it is: who asked for the pause may look at the registers at any moment of the reset.
                if (TakeResetOfStanding())
                    Restart(byGuest: false);
            }

            _hypervisor.Raise(this, MachineEventKind.Resumed);
        }

        return !IsStopping;
    }

    /// <summary>True: the machine stands now.</summary>
    private bool BeginPause()
    {
        lock (_gate)
        {
            var stands = _pauseWanted && !_stopWanted;
            if (stands)
            {
                _state = RunState.Paused;
                Stand(Board);
                _ownClock?.Pause();
            }

            // Also when it was resumed before it stood still.
            if (!_stopWanted)
            {
                _paused?.TrySetResult();
                _paused = null;
            }

            return stands;
        }
    }

    /// <summary>The processors stand from now on, until they are told otherwise. Under the lock.</summary>
    private void Stand(VirtMachineBoard board)
    {
        _stands++;
        foreach (var vcpu in board.Vcpus)
            vcpu.ReleaseForDebugger();
    }

    /// <summary>Completes when the requests are to be looked at again; null: the machine goes on.</summary>
    private Task? NextStand()
    {
        lock (_gate)
        {
            if (_pauseWanted && !_stopWanted)
            {
                _standing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                if (_resetWanted)
                    _standing.SetResult();
                return _standing.Task;
            }

            _standing = null;
            _ownClock?.Resume();
            _state = RunState.Running;
            return null;
        }
    }

    /// <summary>Makes the board anew; flash keeps its bytes, files are read again.</summary>
    /// <exception cref="BootImageException">A file cannot be loaded any more.</exception>
    /// <exception cref="IOException">A file cannot be read any more.</exception>
    private void Restart(bool byGuest)
    {
        WasResetByGuest = byGuest;
        VirtMachineBoard old;
        Volatile.Write(ref _restarting, Environment.CurrentManagedThreadId);
        lock (_gate)
        {
            _resets++;
            old = Board;
            _board = null;
        }

        // Nobody can reach the old board any more; it goes first because both at once would need the memory twice.
        _recording?.Finish();
        old.Dispose();
        List<HotplugDevice> gone;
        lock (_gate)
            gone = TakeLeaving();
        foreach (var device in gone)
            DeviceRemoved?.Invoke(device.Id);
        _boot.Dispose();
        var boot = BootPackage.Prepare(_parts);
        VirtMachineBoard board;
        try
        {
            board = new VirtMachineBoard(_parts, boot, () => IsStopping, _runner);
        }
        catch
        {
            boot.Dispose();
            throw;
        }

        ReleaseFiles(Config, boot);
        lock (_gate)
        {
            _boot = boot;
            _board = board;
            board.DeviceRemoved = Removed;
            foreach (var device in _parts.Slots.Devices)
                board.Slots.Plug(device, atPowerOn: true);
            if (_pauseWanted || _stopWanted || _resetWanted)
                board.RequestStop(VcpuStop.Paused);
            if (_state == RunState.Paused)
                Stand(board);
            Volatile.Write(ref _restarting, 0);
            Monitor.PulseAll(_gate);
        }

        _hypervisor.Raise(this, MachineEventKind.Reset);
    }
}
