using Arm64Vm.Cpu;
using Arm64Vm.Machine.Board;

namespace Arm64Vm.Machine;

/// <summary>The processor's thread.</summary>
public sealed partial class VirtualMachine
{
    private void ThreadMain()
    {
        RunResult? result = null;
        Exception? failure = null;
        try
        {
            result = RunToEnd();
        }
        catch (Exception e)
        {
            failure = e;
        }

        _ownClock?.Pause();
        _elapsed.Stop();
        lock (_gate)
        {
            _state = MachineState.Ended;
            _paused?.TrySetResult();
            _paused = null;
            Monitor.PulseAll(_gate);
        }

        Console.EndInput();
        VirtioConsole?.EndInput();
        _ended.TrySetResult();
        if (result is not null)
            _finished.TrySetResult(result);
        else
            _finished.TrySetException(failure!);
    }

    private RunResult RunToEnd()
    {
        while (true)
        {
            var board = Board;
            board.Phases?.Start();
            var stop = _threads.Run(board.Vcpus);
            switch (stop)
            {
                case VcpuReturn.PowerOff:
                    return End(RunEnd.PowerOff);
                case VcpuReturn.Exited:
                    return End(RunEnd.SemihostingExit, board.ExitCode);
                case VcpuReturn.Reset when Config.NoReboot:
                    return End(RunEnd.Reset);
                case VcpuReturn.Reset:
                    Restart();
                    break;
                default:
                    if (!WaitWhilePaused())
                        return End(RunEnd.Stopped);
                    if (TakeResetRequest())
                        Restart();
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

    private RunResult End(RunEnd end, int exitCode = 0) => new(end, exitCode, _elapsed.Elapsed);

    /// <summary>Stands still as long as that is wanted; false when the machine is to stop.</summary>
    private bool WaitWhilePaused()
    {
        lock (_gate)
        {
            if (_pauseWanted && !_stopWanted)
            {
                _state = MachineState.Paused;
                _ownClock?.Pause();
                _paused?.TrySetResult();
                _paused = null;
                while (_pauseWanted && !_stopWanted && !_resetWanted)
                    Monitor.Wait(_gate);
                _ownClock?.Resume();
                _state = MachineState.Running;
            }
            else if (!_stopWanted)
            {
                // Resumed before it stood still.
                _paused?.TrySetResult();
                _paused = null;
            }

            return !_stopWanted;
        }
    }

    /// <summary>Makes the board anew; flash keeps its bytes, files are read again.</summary>
    /// <exception cref="Boot.BootImageException">A file cannot be loaded any more.</exception>
    /// <exception cref="IOException">A file cannot be read any more.</exception>
    private void Restart()
    {
        VirtMachineBoard old;
        lock (_gate)
        {
            _resets++;
            old = Board;
            _board = null;
        }

        // Nobody can reach the old board any more; it goes first because both at once would need the memory twice.
        old.Dispose();
        _boot.Dispose();
        var boot = BootPackage.Prepare(_parts);
        VirtMachineBoard board;
        try
        {
            board = new VirtMachineBoard(_parts, boot, () => IsStopping, _threads);
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
            if (_pauseWanted || _stopWanted || _resetWanted)
                board.RequestStop(VcpuStop.Paused);
            Monitor.PulseAll(_gate);
        }
    }
}
