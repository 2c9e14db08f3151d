using Arm64Vm.Cpu.Exceptions;
using Arm64Vm.Cpu.Registers;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu;

/// <summary>WFI, WFE, WFIT and WFET as instructions: whether they trap, are over at once, or begin a wait.</summary>
internal sealed unsafe partial class Vcpu
{
    private bool HasInterruptInput => (Lines & LineBits.Inputs) != 0;

    /// <summary>One of the four, with PC behind it; the deadline of those with a timeout is the value that the exit carries.</summary>
    private void Wait(ulong pc, bool isEvent, bool hasTimeout)
    {
        ulong? deadline = hasTimeout ? _counter.TimeOf(_context->Exit.Address) : null;
        bool isOver = (isEvent ? _event.IsSet : HasInterruptInput) || (hasTimeout && _wait.IsReached(deadline));
        if (!isOver && State.El == 0 && (Slot(SystemSlot.Sctlr) & (isEvent ? SctlrBits.UserWaitForEvent : SctlrBits.UserWaitForInterrupt)) == 0)
        {
            uint kind = (hasTimeout ? 2u : 0) | (isEvent ? 1u : 0);
            uint register = TryPeekInstruction(pc - 4, out uint word) ? word & 31 : 31;
            RaiseSynchronous(Syndrome.WaitForX(kind, register), pc - 4);
            return;
        }

        if (isOver)
        {
            if (isEvent)
                _event.Clear();
            _step.Complete();
        }
        else if (!isEvent)
        {
            WaitForInterrupt(deadline);
        }
        else if (_context->Exclusive.Address == GuestContext.InvalidTag)
        {
            _wait.BeginEvent(deadline);
        }
        else if (!_wait.TryBeginStore(deadline, out bool yields))
        {
            _yields = yields;
            _step.Complete();
        }
    }

    private void WaitForInterrupt(ulong? deadline)
    {
        _options.Milestones?.Waiting();
        _wait.BeginInterrupt(deadline);
    }

    /// <summary>The guest spins on a load-exclusive. The processor that is to store mostly runs and does so soon; otherwise it may need this one's thread.</summary>
    private bool IsReleasedSoon() => _context->Exclusive.Address != GuestContext.InvalidTag && _wait.StoreComesSoon();

    private void EndWait()
    {
        _wait.End();
        _step.Complete();
    }

    /// <summary>Looks whether the wait is over, and ends it then.</summary>
    private bool IsStillWaiting()
    {
        if (!_wait.IsWaiting)
            return false;
        if (!_wait.IsOver(HasInterruptInput))
            return true;
        EndWait();
        return false;
    }

    /// <summary>Gives memory back that it can have again, having been idle for a while: what translates addresses, and what its executor has. On the thread that may run it, between runs. Bytes of the host's memory that were present.</summary>
    /// <param name="code">Code of the machine is about to be dropped: what is needed to make more goes too.</param>
    public long GiveBack(bool code) => _stage1.GiveBack() + _executor.GiveBack(_context, code);
}
