using System.Diagnostics.CodeAnalysis;
using Arm64Vm.Cpu.Exceptions;
using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Cpu.Registers;
using Arm64Vm.Ir;
using Arm64Vm.Ir.SoftFloat;

namespace Arm64Vm.Cpu;

/// <summary>MRS, MSR and PSTATE fields.</summary>
internal sealed unsafe partial class Vcpu
{
    private const int TimerOp1 = 3;
    private const int TimerCRn = 14;
    private readonly RandomSource _random;

    internal uint FloatControl
    {
        get => _context->Fpcr;
        set
        {
            // AHP, DN, FZ, RMode, FZ16; trap enables and the AArch32 fields are RES0.
            uint writable = 0x07C0_0000 | (((_model.Pfr0 >> 16) & 15) == 1 ? 1u << 19 : 0);
            _context->Fpcr = value & writable;
            FloatControlWritten();
        }
    }

    internal uint FloatStatus
    {
        get
        {
            _executor.SynchronizeFloatStatus(_context);
            return _context->Fpsr;
        }

        set
        {
            // What the host still holds belongs to the past; fold it first so that it cannot come back.
            _executor.SynchronizeFloatStatus(_context);
            _context->Fpsr = value & FpsrBits.Writable;
        }
    }

    public bool TryReadSystem(GuestContext* context, uint encoding, int pageOffset, out ulong value)
    {
        ulong pc = context->PcPage + (ulong)(long)pageOffset;
        var register = new SystemRegister((ushort)encoding);
        RegisterDescriptor? row = _table.Find(register);
        value = 0;
        if (row == null)
            return TryReadDevice(pc, register, out value);
        if (State.El < row.ReadLevel)
            return RejectAccess(pc, register, isRead: true, row.ReadLevel > 1);
        if (!CheckTraps(pc, row, isRead: true))
            return false;

        value = row.Reader != null ? row.Reader(this) : row.SlotIndex >= 0 ? _slots[row.SlotIndex] : row.ResetValue;
        return true;
    }

    public bool TryWriteSystem(GuestContext* context, uint encoding, int pageOffset, ulong value)
    {
        ulong pc = context->PcPage + (ulong)(long)pageOffset;
        var register = new SystemRegister((ushort)encoding);
        RegisterDescriptor? row = _table.Find(register);
        if (row == null)
            return TryWriteDevice(pc, register, value);
        if (State.El < row.WriteLevel)
            return RejectAccess(pc, register, isRead: false, row.WriteLevel > 1);
        if (!CheckTraps(pc, row, isRead: false))
            return false;

        value = (value & row.WriteMask) | (row.ResetValue & ~row.WriteMask);
        if (row.SlotIndex >= 0)
            _slots[row.SlotIndex] = value;
        row.Writer?.Invoke(this, value);
        return true;
    }

    public bool TryWritePState(GuestContext* context, uint field, uint value, int pageOffset)
    {
        ulong pc = context->PcPage + (ulong)(long)pageOffset;
        uint op1 = (field >> 3) & 7;
        uint op2 = field & 7;
        bool set = (value & 1) != 0;
        switch (op1, op2)
        {
            case (0, 3) when State.El != 0 && _model.HasUao:
                SetUao(set);
                return true;
            case (0, 4) when State.El != 0 && _model.HasPan:
                SetPan(set);
                return true;
            case (0, 5) when State.El != 0:
                SelectStack(set);
                return true;
            case (3, 1) when _model.HasSsbs:
                SetSsbs(set);
                return true;
            case (3, 2) when _model.HasDit:
                SetDit(set);
                return true;
            case (3, 6) or (3, 7):
                if (State.El == 0 && (Slot(SystemSlot.Sctlr) & SctlrBits.UserMaskAccess) == 0)
                    return RaiseTrappedOperation(pc);
                uint bits = (value & 15) << 6;
                SetDaif(op2 == 6 ? Daif | bits : Daif & ~bits);
                return true;
            default:
                return RaiseUndefined(pc);
        }
    }

    /// <summary>DCZID_EL0: block size, and whether DC ZVA is prohibited here (DZP).</summary>
    internal ulong ZeroBlockId(int el)
    {
        const ulong Log2Words = 4;
        bool prohibited = el == 0 && (Slot(SystemSlot.Sctlr) & SctlrBits.UserZero) == 0;
        return Log2Words | (prohibited ? 1UL << 4 : 0);
    }

    /// <summary>CCSIDR_EL1 for the cache that CSSELR_EL1 selects; UNKNOWN, here zero, where there is none.</summary>
    internal ulong CacheSizeId()
    {
        ulong selector = Slot(SystemSlot.Csselr);
        return selector < (ulong)_model.CacheSizes.Count ? _model.CacheSizes[(int)selector] : 0;
    }

    /// <summary>RNDR and RNDRRS: never fails, so NZCV becomes 0.</summary>
    internal ulong NextRandom()
    {
        _context->Nzcv = 0;
        return _random.Next();
    }

    private void FloatControlWritten()
    {
        // During construction the executor does not exist yet and starts from the context's values.
        _executor?.FloatControlChanged(_context);
    }

    private bool CheckTraps(ulong pc, RegisterDescriptor row, bool isRead)
    {
        if (row.IsFloat && IsFloatTrapped)
            return RaiseSynchronous(Syndrome.FloatTrap(), pc);
        Func<Vcpu, bool>? allowed = isRead ? row.UserAllowed : row.UserWriteAllowed;
        if (State.El == 0 && allowed != null && !allowed(this))
            return RaiseTrapped(pc, row.Register, isRead);
        return true;
    }

    private bool TryReadDevice(ulong pc, SystemRegister register, out ulong value)
    {
        value = 0;
        if (!TryFindDevice(pc, register, isRead: true, out ISystemRegisterDevice? device))
            return false;

        // A guest that polls the counter may not come back to the run loop otherwise.
        _counter.FollowClock();
        return device.TryReadRegister(Index, State.El, register, out value) || RejectAccess(pc, register, isRead: true, log: false);
    }

    private bool TryWriteDevice(ulong pc, SystemRegister register, ulong value) =>
        TryFindDevice(pc, register, isRead: false, out ISystemRegisterDevice? device)
            && (device.TryWriteRegister(Index, State.El, register, value) || RejectAccess(pc, register, isRead: false, log: false));

    /// <summary>The device that has a register, where the register may be accessed; if not, the exception has been taken.</summary>
    private bool TryFindDevice(ulong pc, SystemRegister register, bool isRead, [NotNullWhen(true)] out ISystemRegisterDevice? device)
    {
        foreach (ISystemRegisterDevice candidate in _devices)
        {
            if (!candidate.Owns(register))
                continue;
            if (!HasTimerRegister(register))
                break;
            device = candidate;
            return IsTimerAllowed(register) || RaiseTrapped(pc, register, isRead);
        }

        device = null;
        return RejectAccess(pc, register, isRead, log: true);
    }

    /// <summary>The counters in their self-synchronized form came with FEAT_ECV.</summary>
    private bool HasTimerRegister(SystemRegister register) =>
        _model.HasSynchronizedCounters || register is not { Op1: TimerOp1, CRn: TimerCRn, CRm: 0, Op2: 5 or 6 };

    /// <summary>CNTKCTL_EL1: EL0PCTEN, EL0VCTEN for the counters, EL0VTEN, EL0PTEN for the timers (Arm ARM D24.10.16).</summary>
    private bool IsTimerAllowed(SystemRegister register)
    {
        if (State.El != 0 || register.Op1 != TimerOp1 || register.CRn != TimerCRn)
            return true;

        ulong control = Slot(SystemSlot.Cntkctl);
        return (register.CRm, register.Op2) switch
        {
            (0, 0) => (control & 3) != 0,
            (0, 1) or (0, 5) => (control & 1) != 0,
            (0, 2) or (0, 6) => (control & 2) != 0,
            (2, _) => (control & (1 << 9)) != 0,
            (3, _) => (control & (1 << 8)) != 0,
            _ => true,
        };
    }

    /// <summary>An access that does not exist at this level: UNDEFINED.</summary>
    private bool RejectAccess(ulong pc, SystemRegister register, bool isRead, bool log)
    {
        if (log && _log != null && _log.IsEnabled(LogCategories.SystemRegisters))
            _log.Write(LogCategories.SystemRegisters, $"cpu{Index} {(isRead ? "MRS" : "MSR")} {register} at {pc:x} EL{State.El}: undefined");
        if (State.El == 0 && IsTrappedAtEl0(register, isRead))
            return RaiseTrapped(pc, register, isRead);
        return RaiseUndefined(pc);
    }

    /// <summary>What EL0 may not use is mostly UNDEFINED; these are reported as trapped: identification registers (FEAT_IDST), IMPLEMENTATION DEFINED ones (FEAT_TIDCP1).</summary>
    private bool IsTrappedAtEl0(SystemRegister register, bool isRead)
    {
        if (register.CRn is 11 or 15)
            return _model.HasImplementationTrap && register.Op0 is 1 or 3 && (Slot(SystemSlot.Sctlr) & SctlrBits.TrapImplementationDefined) != 0;
        return isRead && _model.HasIdentificationTrap && register is { Op0: 3, Op1: 0 or 1, CRn: 0 } && _table.Find(register) != null;
    }

    private bool RaiseTrapped(ulong pc, SystemRegister register, bool isRead)
    {
        uint rt = TryPeekInstruction(pc, out uint word) ? word & 31 : 31;
        return RaiseSynchronous(Syndrome.SystemRegister(register, rt, isRead), pc);
    }

    /// <summary>A SYS instruction or MSR (immediate) that EL1 traps: the syndrome is made from the instruction's own fields.</summary>
    private bool RaiseTrappedOperation(ulong pc)
    {
        if (!TryPeekInstruction(pc, out uint word))
            return RaiseUndefined(pc);
        var register = new SystemRegister((int)(word >> 19) & 3, (int)(word >> 16) & 7, (int)(word >> 12) & 15, (int)(word >> 8) & 15, (int)(word >> 5) & 7);
        return RaiseSynchronous(Syndrome.SystemRegister(register, word & 31, isRead: (word & (1u << 21)) != 0), pc);
    }

    /// <summary>Reads an instruction without side effects.</summary>
    private bool TryPeekInstruction(ulong address, out uint word)
    {
        word = 0;
        if ((address & 3) != 0 || _stage1.Translate(address, AccessType.Execute, State.El != 0, pan: false, out TlbEntry entry) != FaultStatus.None)
            return false;
        byte* host = _memory.Resolve(_stage1.PhysicalOf(entry, address), 4, out _);
        if (host == null)
            return false;
        word = *(uint*)host;
        return true;
    }
}
