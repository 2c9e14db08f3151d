using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Parts;

/// <summary>One processor's part in broadcast TLB maintenance: what others ask of it, and waiting until they have carried out what it asked.</summary>
/// <remarks>On the processor's thread. The protocol is told at <see cref="ShareabilityDomain"/>.</remarks>
// SAFETY: the context outlives this object; addresses of host pages are compared, not followed.
internal sealed unsafe class TlbShootdowns(GuestContext* context, Stage1 stage1, ShareabilityDomain domain) : IDisposable
{
    private readonly DomainMember _member = domain.Join(context);

    /// <summary>Requests of this processor that a DSB must wait for.</summary>
    private long _posted;

    /// <summary>There are other processors: guest code is entered through <see cref="TryEnter"/>.</summary>
    public bool IsShared => domain.IsShared;

    /// <inheritdoc cref="DomainMember.TryEnter"/>
    public bool TryEnter() => _member.TryEnter();

    /// <inheritdoc cref="DomainMember.Leave"/>
    public void Leave() => _member.Leave();

    /// <summary>A TLBI: carried out here, and by the others where it is for them.</summary>
    public void Invalidate(in Shootdown request, bool broadcast)
    {
        CarryOut(request);
        if (!broadcast || !domain.IsShared)
            return;
        _posted = domain.Post(request, _member);
        context->Shootdowns = 1;
    }

    /// <summary>DSB: the others have carried out what was posted.</summary>
    public void Complete()
    {
        context->Shootdowns = 0;
        _member.WaitFor(_posted);
        CarryOutAll();
    }

    /// <summary>No processor writes to a host page by the inline path any more.</summary>
    public void WatchWrites(byte* host)
    {
        stage1.Inline.FlushWritesTo(host);
        if (!domain.IsShared)
            return;
        _member.WaitFor(domain.Post(new Shootdown(ShootdownKind.WatchWrites, (ulong)host), _member));

        // What came meanwhile is carried out at the next unit boundary, which is now.
        if (_member.IsBehind)
            _member.Interrupt();
    }

    /// <summary>What others have posted and this processor has not seen.</summary>
    public void CarryOutAll()
    {
        while (_member.TryNext(out Shootdown? request))
        {
            // InvalidateAll drops the write entries of pages with code as well.
            CarryOut(request ?? new Shootdown(ShootdownKind.All));
            _member.Complete();
        }
    }

    public void Dispose() => domain.Leave(_member);

    private void CarryOut(in Shootdown request)
    {
        switch (request.Kind)
        {
            case ShootdownKind.All:
                stage1.InvalidateAll();
                break;
            case ShootdownKind.Asid:
                stage1.InvalidateAsid(request.Asid.GetValueOrDefault());
                break;
            case ShootdownKind.Address:
                stage1.InvalidateAddress(request.Address, request.Asid);
                break;
            case ShootdownKind.Range:
                stage1.InvalidateRange(request.Address, request.Length, request.Asid);
                break;
            default:
                stage1.Inline.FlushWritesTo((byte*)request.Address);
                break;
        }
    }
}
