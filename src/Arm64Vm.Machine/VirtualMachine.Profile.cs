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
            if (_state is not (MachineState.Created or MachineState.Paused) || _board is not { } board)
                throw new InvalidOperationException("A recording begins before the machine runs, or while it is paused.");
            _recording = new MachineRecording(board, _parts, options);
        }
    }

    /// <summary>Ends the recording of a machine that stands.</summary>
    /// <exception cref="InvalidOperationException">It runs, or is not recorded.</exception>
    internal Profile FinishRecording()
    {
        lock (_gate)
        {
            if (_recording is not { } recording)
                throw new InvalidOperationException("The machine is not recorded.");
            if (_state == MachineState.Running)
                throw new InvalidOperationException("The machine runs; stop or pause it first.");
            return recording.Finish();
        }
    }
}
