using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu;

/// <summary>TLB maintenance of other processors, and waiting for one's own to be carried out by them.</summary>
internal sealed unsafe partial class Vcpu
{
    /// <summary>Requests of this processor that a DSB must wait for.</summary>
    private long _posted;

    public void CompleteInvalidations(GuestContext* context)
    {
        context->Shootdowns = 0;
        _member.WaitFor(_posted);
        CarryOutShootdowns();
    }

    /// <summary>A TLBI for the inner or outer shareable domain has been carried out here: the others follow.</summary>
    private void Broadcast(in Shootdown request)
    {
        if (!_memory.Domain.IsShared)
            return;
        _posted = _memory.Domain.Post(request, _member);
        _context->Shootdowns = 1;
    }

    private void CarryOutShootdowns()
    {
        while (_member.TryNext(out Shootdown? request))
        {
            // InvalidateAll drops the write entries of pages with code as well.
            CarryOut(request ?? new Shootdown(ShootdownKind.All));
            _member.Complete();
        }
    }

    private void CarryOut(in Shootdown request)
    {
        switch (request.Kind)
        {
            case ShootdownKind.All:
                _stage1.InvalidateAll();
                break;
            case ShootdownKind.Asid:
                _stage1.InvalidateAsid(request.Asid.GetValueOrDefault());
                break;
            case ShootdownKind.Address:
                _stage1.InvalidateAddress(request.Address, request.Asid);
                break;
            case ShootdownKind.Range:
                _stage1.InvalidateRange(request.Address, request.Length, request.Asid);
                break;
            default:
                _stage1.Inline.FlushWritesTo((byte*)request.Address);
                break;
        }
    }
}
