using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Cpu.Registers;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu;

/// <summary>SYS instructions: cache and TLB maintenance, address translation (Arm ARM C5.4, C5.5, C5.6).</summary>
internal sealed unsafe partial class Vcpu
{
    private const int CacheCRn = 7;
    private const int TlbCRn = 8;

    /// <summary>TLBI with nXS (FEAT_XS): the same, since no access has the XS attribute.</summary>
    private const int TlbNonXsCRn = 9;

    public bool TrySystemOperation(GuestContext* context, uint encoding, int pageOffset, ulong operand)
    {
        ulong pc = context->PcPage + (ulong)(long)pageOffset;
        var operation = new SystemRegister((ushort)encoding);
        bool isTlb = operation.CRn == TlbCRn || (operation.CRn == TlbNonXsCRn && _model.HasXs);
        if (operation.Op0 != 1 || !(operation.CRn == CacheCRn || (isTlb && State.El != 0)))
            return RejectAccess(pc, operation, isRead: false, log: true);
        if (isTlb)
            return InvalidateTlb(operation, operand) || RejectAccess(pc, operation, isRead: false, log: true);
        if (operation.CRm is 8 or 9 && operation.Op1 == 0)
            return TranslateAddress(pc, operation, operand);
        return MaintainCache(pc, operation, operand);
    }

    /// <summary>Caches are coherent with everything here: only permission checks remain. IC needs none, since stores to code are tracked.</summary>
    private bool MaintainCache(ulong pc, SystemRegister operation, ulong operand)
    {
        switch (operation.Op1, operation.CRm, operation.Op2)
        {
            // IC IALLUIS, IALLU; DC IVAC, ISW, CSW, CISW.
            case (0, 1, 0) or (0, 5, 0) or (0, 6, 2) or (0, 10, 2) or (0, 14, 2):
                return State.El != 0 || RaiseUndefined(pc);
            case (0, 6, 1):
                return State.El != 0 ? CheckMaintained(pc, operand, AccessType.Write) : RaiseUndefined(pc);

            case (3, 12, 1) when _model.PersistenceLevel < 1:
            case (3, 13, 1) when _model.PersistenceLevel < 2:
                return RejectAccess(pc, operation, isRead: false, log: true);

            // IC IVAU; DC CVAC, CVAU, CVAP, CVADP, CIVAC.
            case (3, 5, 1) or (3, 10, 1) or (3, 11, 1) or (3, 12, 1) or (3, 13, 1) or (3, 14, 1):
                if (State.El == 0 && (Slot(SystemSlot.Sctlr) & SctlrBits.UserCacheMaintenance) == 0)
                    return RaiseTrappedOperation(pc);
                return CheckMaintained(pc, operand, AccessType.Read);

            // DC ZVA when it comes this way.
            case (3, 4, 1):
                return TryZeroBlock(_context, operand, (int)(pc - _context->PcPage));
            default:
                return RejectAccess(pc, operation, isRead: false, log: true);
        }
    }

    /// <summary>Maintenance by address faults like an access, without PAN; the abort says CM and WnR.</summary>
    private bool CheckMaintained(ulong pc, ulong address, AccessType access)
    {
        int fault = _stage1.Translate(address, access, State.El != 0, pan: false, out _);
        return fault == FaultStatus.None || RaiseDataAbort(pc, address, fault, isWrite: true, isMaintenance: true);
    }

    /// <summary>
    /// TLBI: op1 0 is EL1; CRm 1, 2, 3 and 5 are the outer and inner shareable forms, which go to the other processors as well.
    /// </summary>
    private bool InvalidateTlb(SystemRegister operation, ulong operand)
    {
        if (operation.Op1 != 0)
            return false;

        if (operation.CRm is 1 or 5 && !_model.HasOuterInvalidation)
            return false;

        ushort asid = _stage1.ImplementedAsid((ushort)(operand >> 48));
        ulong address = operand << 12;
        Shootdown request;
        switch (operation.CRm, operation.Op2)
        {
            // CRm 7: this processor; 3: inner shareable; 1: outer shareable (FEAT_TLBIOS).
            case (7 or 3 or 1, 0):
                request = new Shootdown(ShootdownKind.All);
                break;
            case (7 or 3 or 1, 1 or 5):
                request = new Shootdown(ShootdownKind.Address, address, Asid: asid);
                break;
            case (7 or 3 or 1, 2):
                request = new Shootdown(ShootdownKind.Asid, Asid: asid);
                break;
            case (7 or 3 or 1, 3 or 7):
                request = new Shootdown(ShootdownKind.Address, address);
                break;

            // FEAT_TLBIRANGE: CRm 6: this processor; 2: inner; 5: outer shareable.
            case (6 or 2 or 5, 1 or 5) when _model.HasRangeInvalidation:
                request = InvalidationRange(operand, asid);
                break;
            case (6 or 2 or 5, 3 or 7) when _model.HasRangeInvalidation:
                request = InvalidationRange(operand, null);
                break;
            default:
                return false;
        }

        if (IsTraced(TraceKinds.Tlb))
            TraceInvalidation(request);
        _shootdowns.Invalidate(request, broadcast: operation.CRm is not (6 or 7));
        return true;
    }

    /// <summary>Operand: ASID 63:48, TG 47:46, SCALE 45:44, NUM 43:39, TTL 38:37, BaseADDR 36:0 in units of the granule.</summary>
    private static Shootdown InvalidationRange(ulong operand, ushort? asid)
    {
        int granule = (int)((operand >> 46) & 3) switch { 2 => 14, 3 => 16, _ => 12 };
        int scale = (int)((operand >> 44) & 3);
        ulong count = (((operand >> 39) & 31) + 1) << ((5 * scale) + 1);
        ulong baseAddress = (ulong)((long)(operand << 27) >> 27) << granule;
        return new Shootdown(ShootdownKind.Range, baseAddress, count << granule, asid);
    }

    /// <summary>AT S1E1R, S1E1W, S1E0R, S1E0W and, with FEAT_PAN2, S1E1RP, S1E1WP: the result goes to PAR_EL1.</summary>
    private bool TranslateAddress(ulong pc, SystemRegister operation, ulong address)
    {
        bool withPan = operation.CRm == 9;
        if (State.El == 0 || operation.Op2 > 3 || (withPan && (operation.Op2 > 1 || !_model.HasAddressTranslatePan)))
            return RejectAccess(pc, operation, isRead: false, log: true);

        bool privileged = operation.Op2 < 2;
        AccessType access = (operation.Op2 & 1) != 0 ? AccessType.Write : AccessType.Read;
        int fault = _stage1.Translate(address, access, privileged, withPan && State.Pan, out TlbEntry entry);

        // An external abort of the walk is taken, not reported (Arm ARM D8.10.2).
        if (fault != FaultStatus.None && fault >> 2 == FaultStatus.ExternalAbortOnWalk >> 2)
            return RaiseDataAbort(pc, address, fault, isWrite: true, isMaintenance: true);
        ulong par;
        if (fault == FaultStatus.None)
        {
            // ATTR 63:56, PA 47:12, NS 9, SH 8:7. Device and Non-cacheable memory report outer shareable.
            const byte NormalNonCacheable = 0x44;
            ulong shareability = entry.IsDevice || entry.Attribute == NormalNonCacheable ? 2UL : entry.Shareability;
            par = ((ulong)entry.Attribute << 56) | (_stage1.PhysicalOf(entry, address) & 0x0000_FFFF_FFFF_F000) | (1UL << 11) | (1UL << 9) | (shareability << 7);
        }
        else
        {
            par = 1 | ((ulong)fault << 1) | (1UL << 11);
        }

        _slots[(int)SystemSlot.Par] = par;
        return true;
    }
}
