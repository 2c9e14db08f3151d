namespace Arm64Vm.Ir;

/// <summary>Attributes of a memory operation, in <see cref="IrInst.Aux"/>.</summary>
[Flags]
internal enum MemoryFlags : byte
{
    None = 0,

    /// <summary>Sign-extend the loaded bytes to the result's type.</summary>
    SignExtend = 1,

    /// <summary>Load-acquire (LDAR, LDAPR): free on hosts with total store order. The address must be aligned to the size; with FEAT_LSE2 it is enough that the access stays within 16 bytes.</summary>
    Acquire = 2,

    /// <summary>Store-release (STLR): sequentially consistent with LDAR. Alignment as with <see cref="Acquire"/>.</summary>
    Release = 4,

    /// <summary>LDTR/STTR: translate as EL0 would.</summary>
    Unprivileged = 8,
}

/// <summary>What <see cref="IrOp.AtomicRmw"/> stores, given the old value and the operand.</summary>
internal enum AtomicOperation : byte
{
    Add, Clear, Xor, Set, SignedMax, SignedMin, UnsignedMax, UnsignedMin, Swap,
}

/// <summary>Which earlier and later accesses a barrier orders.</summary>
internal enum BarrierKind : byte
{
    /// <summary>Store then load included: needs a host fence.</summary>
    Full,

    /// <summary>Loads before, everything after: nothing to do on hosts with total store order.</summary>
    Loads,

    /// <summary>Stores only: nothing to do on hosts with total store order.</summary>
    Stores,

    /// <summary>As <see cref="Full"/>, and TLB invalidations are complete on all processors (DSB at EL1).</summary>
    Completion,
}

/// <summary>Pointer authentication operations (FEAT_PAuth).</summary>
internal enum PointerAuthentication : byte
{
    SignIA, SignIB, SignDA, SignDB, AuthIA, AuthIB, AuthDA, AuthDB, SignGeneric, StripInstruction, StripData,
}
