using Arm64Vm.Ir;

namespace Arm64Vm.Backend.Il;

/// <summary>What compiled code reaches outside itself: the processor's services and the cache of indirect jumps.</summary>
internal class IlHost(IGuestServices services)
{
    public IGuestServices Services { get; } = services;

    /// <summary>Where indirect jumps find units.</summary>
    public IlJumpCache Jumps { get; } = new();

    /// <summary>SYS instructions; the executor looks whether mappings of code changed.</summary>
    // SAFETY: context is that of the vCPU being run, on its thread.
    public virtual unsafe bool SystemOperation(GuestContext* context, uint encoding, int pageOffset, ulong operand) =>
        Services.TrySystemOperation(context, encoding, pageOffset, operand);

    /// <summary>DSB while TLB invalidations are under way on other processors.</summary>
    public virtual unsafe void CompleteInvalidations(GuestContext* context) => Services.CompleteInvalidations(context);
}
