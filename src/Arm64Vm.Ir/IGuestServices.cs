namespace Arm64Vm.Ir;

/// <summary>What executors need from the processor around them for the operations they cannot do on registers alone.</summary>
/// <remarks>
/// A method that returns false has raised a guest exception: the context's PC and PSTATE are already those of the handler,
/// and the rest of the unit is abandoned. Addresses are virtual. Values are little endian, zero-extended.
/// <c>pageOffset</c> is the offset in its page of the guest instruction, from which the fault's PC is made.
/// </remarks>
// SAFETY: context points to the whole context of the vCPU that is being run, on the thread that runs it, for the call.
internal unsafe interface IGuestServices
{
    /// <summary>Reads <paramref name="size"/> bytes (1–16, or 32 for a pair of 16: then twice).</summary>
    bool TryRead(GuestContext* context, ulong address, int size, MemoryFlags flags, int pageOffset, out Bits128 value);

    bool TryWrite(GuestContext* context, ulong address, int size, MemoryFlags flags, int pageOffset, Bits128 value);

    bool TryLoadExclusive(GuestContext* context, ulong address, int size, int pageOffset, out Bits128 value);

    /// <summary><paramref name="status"/> is 0 when the store was done, else 1.</summary>
    bool TryStoreExclusive(GuestContext* context, ulong address, int size, int pageOffset, Bits128 value, out uint status);

    bool TryAtomic(GuestContext* context, AtomicOperation operation, ulong address, int size, int pageOffset, ulong operand, out ulong old);

    bool TryCompareSwap(GuestContext* context, ulong address, int size, int pageOffset, Bits128 expected, Bits128 replacement, out Bits128 old);

    bool TryZeroBlock(GuestContext* context, ulong address, int pageOffset);

    bool TryReadSystem(GuestContext* context, uint encoding, int pageOffset, out ulong value);

    bool TryWriteSystem(GuestContext* context, uint encoding, int pageOffset, ulong value);

    bool TrySystemOperation(GuestContext* context, uint encoding, int pageOffset, ulong operand);

    /// <summary>DSB at EL1 while <see cref="GuestContext.Shootdowns"/> is not zero: waits until every processor has carried out this one's TLB invalidations.</summary>
    void CompleteInvalidations(GuestContext* context)
    {
    }

    bool TryWritePState(GuestContext* context, uint field, uint value, int pageOffset);

    /// <summary>
    /// The main or epilogue instruction of a memory copy or set whose <paramref name="count"/> is not zero (option A); <paramref name="rest"/> is what Xn holds then. False: an exception,
    /// or a request that has to be looked at first; Xn of the context says what is left, and PC is the handler's or this instruction's.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="operation">The instruction.</param>
    /// <param name="destination">Xd.</param>
    /// <param name="source">Xs.</param>
    /// <param name="count">Xn.</param>
    /// <param name="nzcv">PSTATE.NZCV in bits 31:28.</param>
    /// <param name="pageOffset">Where it is.</param>
    /// <param name="rest">Xn afterwards.</param>
    bool TryMemoryCopySet(GuestContext* context, MemoryOperation operation, ulong destination, ulong source, ulong count, uint nzcv, int pageOffset, out ulong rest);

    bool TryPointerAuth(GuestContext* context, PointerAuthentication operation, ulong pointer, ulong modifier, int pageOffset, out ulong result);
}
