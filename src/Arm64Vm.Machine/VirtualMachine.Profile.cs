using Arm64Vm.Machine.Profiling;
using Arm64Vm.Profiling;

namespace Arm64Vm.Machine;

/// <summary>Recording a profile.</summary>
public sealed partial class VirtualMachine
{
    private MachineRecording? _recording;

    /// <summary>Begins to record, on a machine that has not run yet, or is paused.</summary>
    /// <exception cref="InvalidOperationException">It runs, has ended, or is recorded already.</exception>
    /// <exception cref="MachineConfigurationException">It does not run emitted code, or the process records another machine.</exception>
    internal void StartRecording(RecordingOptions options)
    {
        lock (_gate)
        {
            if (_recording is not null)
                throw new InvalidOperationException("The machine is recorded already.");
            if (_state is not (RunState.Created or RunState.Paused) || _board is not { } board)
                throw new InvalidOperationException("A recording begins before the machine runs, or while it is paused.");
            _recording = new MachineRecording(board, _parts, options);
        }
    }

    /// <summary>Records a machine that may run already, and leaves it as it was: it stands still for a moment at the beginning and the end, and so does its time.</summary>
    /// <param name="options">How.</param>
    /// <param name="begun">Called when recording has begun, before the machine goes on.</param>
    /// <param name="ending">Ends the recording. So does the machine's end; a reset ends it, and what was recorded is waited for.</param>
    /// <exception cref="InvalidOperationException">It has ended, or is recorded already.</exception>
    /// <exception cref="MachineConfigurationException">It does not run emitted code, or the process records another machine.</exception>
    internal async Task<Profile> RecordAsync(RecordingOptions options, Action begun, CancellationToken ending)
    {
        await WhileStanding(() =>
        {
            StartRecording(options);
            begun();
        }).ConfigureAwait(false);
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (ending.Register(over.SetResult).ConfigureAwait(false))
            await Task.WhenAny(over.Task, _ended.Task).ConfigureAwait(false);
        Profile? profile = null;
        await WhileStanding(() => profile = EndRecording()).ConfigureAwait(false);
        return profile!;
    }

    /// <summary>Does something while the machine stands; it goes on afterwards if it ran before.</summary>
    private async Task WhileStanding(Action action)
    {
        bool ran;
        lock (_gate)
            ran = _state is RunState.Running or RunState.Paused && !_pauseWanted;
        if (ran)
            await PauseAsync().ConfigureAwait(false);
        try
        {
            action();
        }
        finally
        {
            if (ran)
                Resume();
        }
    }

    /// <summary>Finishes the recording, and is ready for the next one.</summary>
    private Profile EndRecording()
    {
        lock (_gate)
        {
            var profile = FinishRecording();
            _recording!.Dispose();
            _recording = null;
            return profile;
        }
    }

    /// <summary>Ends the recording of a machine that stands.</summary>
    /// <exception cref="InvalidOperationException">It runs, or is not recorded.</exception>
    internal Profile FinishRecording()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_recording is not { } recording)
                throw new InvalidOperationException("The machine is not recorded.");
            if (_state == RunState.Running)
                throw new InvalidOperationException("The machine runs; stop or pause it first.");
            return recording.Finish();
        }
    }

    /// <summary>Host code that was made during a recording that has ended.</summary>
    /// <exception cref="InvalidOperationException">The machine is not recorded.</exception>
    internal IReadOnlyList<HostCode> RecordedHostCode()
    {
        lock (_gate)
            return (_recording ?? throw new InvalidOperationException("The machine is not recorded.")).HostCodeOfUnits();
    }
}
