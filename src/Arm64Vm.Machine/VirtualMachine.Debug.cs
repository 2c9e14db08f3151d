using Arm64Vm.Cpu;
using Arm64Vm.Cpu.Debugging;
using Arm64Vm.Machine.Board;

namespace Arm64Vm.Machine;

/// <summary>What debuggers need: a look at the standing processors, breakpoints and watchpoints, and runs in which some of them step or stand.</summary>
public sealed partial class VirtualMachine
{
    private int _stands;

    /// <summary>The last reset was the guest's wish; false: its user's.</summary>
    internal bool WasResetByGuest { get; private set; }

    /// <summary>How the run ended; null: it has not, or by a failure of the host.</summary>
    internal RunEnd? EndedBy { get; private set; }

    /// <summary>How often the machine has come to stand, for a pause or a debugger.</summary>
    internal int Stands => Volatile.Read(ref _stands);

    /// <summary>Looks at what never changes about the board, or at what may be looked at while it runs.</summary>
    internal bool Describe(Action<VirtMachineBoard> look)
    {
        lock (_gate)
        {
            if (WaitForBoard() is not { } board)
                return false;
            look(board);
            return true;
        }
    }

    /// <summary>Does something with the board of a machine that stands; false where it runs, has no board or is gone.</summary>
    internal bool TryInspect(Action<VirtMachineBoard> look)
    {
        lock (_gate)
        {
            if (_disposed || _state == RunState.Running || _board is null)
                return false;
            look(_board);
            return true;
        }
    }

    /// <summary>As <see cref="TryInspect"/>, with a result; null where it runs.</summary>
    internal string? Inspect(Func<VirtMachineBoard, string> look)
    {
        string? result = null;
        TryInspect(board => result = look(board));
        return result;
    }

    /// <summary>Changes breakpoints and watchpoints of a machine that stands; false where it does not.</summary>
    internal bool TryChangePoints(Action<DebugPoints> change) => TryInspect(board =>
    {
        change(_parts.DebugPoints);
        _parts.DebugPoints.Recycle(board.Memory);
        foreach (var vcpu in board.Vcpus)
            vcpu.DebugPointsChanged();
    });

    /// <summary>Lets a machine that stands go on as a debugger says for each processor.</summary>
    /// <param name="prepare">What a processor does: steps, holds; neither: runs on.</param>
    internal bool TryResumeForDebugger(Func<int, (bool Steps, bool Holds)> prepare) => TryInspect(board =>
    {
        foreach (var vcpu in board.Vcpus)
        {
            var (steps, holds) = prepare(vcpu.Index);
            vcpu.PrepareForDebugger(steps, holds);
        }

        _pauseWanted = false;
        _standing?.TrySetResult();
    });

    /// <summary>Forgets everything that a debugger asked for; the machine stays as it is. A machine that runs is stopped for it, and goes on.</summary>
    internal async Task ForgetDebuggerAsync()
    {
        var runs = State == RunState.Running;
        if (runs)
            await PauseAsync().ConfigureAwait(false);
        TryChangePoints(points => points.Clear());
        TryInspect(board =>
        {
            foreach (var vcpu in board.Vcpus)
                vcpu.PrepareForDebugger(steps: false, holds: false);
        });
        if (runs)
            Resume();
    }

    /// <summary>A processor stopped for the debugger: the machine stands as if paused.</summary>
    private void StandForDebugger()
    {
        lock (_gate)
            _pauseWanted = true;
    }
}
