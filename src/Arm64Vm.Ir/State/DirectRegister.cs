namespace Arm64Vm.Ir;

/// <summary>System registers kept in <see cref="GuestContext.Direct"/>: 64 bits of storage without any side effect.</summary>
internal enum DirectRegister
{
    /// <summary>TPIDR_EL0.</summary>
    ThreadPointer0,

    /// <summary>TPIDRRO_EL0.</summary>
    ThreadPointerReadOnly0,

    /// <summary>TPIDR_EL1.</summary>
    ThreadPointer1,

    /// <summary>SP_EL0 while the current stack pointer is SP_EL1.</summary>
    StackPointer0,

    /// <summary>SP_EL1 while the current stack pointer is SP_EL0.</summary>
    StackPointer1,

    /// <summary>ELR_EL1.</summary>
    ExceptionLink1,

    /// <summary>SPSR_EL1.</summary>
    SavedStatus1,

    /// <summary>ESR_EL1.</summary>
    Syndrome1,

    /// <summary>FAR_EL1.</summary>
    FaultAddress1,

    /// <summary>CONTEXTIDR_EL1.</summary>
    ContextId1,

    /// <summary>PSTATE.DAIF at bits 9:6. Who clears bits must look at <see cref="GuestContext.PendingInterrupts"/> then.</summary>
    InterruptMask,

    /// <summary>DCZID_EL0 as EL0 reads it.</summary>
    ZeroBlockId0,

    /// <summary>DCZID_EL0 as EL1 reads it.</summary>
    ZeroBlockId1,

    /// <summary>CTR_EL0 as EL1 reads it.</summary>
    CacheType,

    // Copies to read: writing these changes how addresses are translated.

    /// <summary>SCTLR_EL1.</summary>
    SystemControl1,

    /// <summary>TCR_EL1, which kernels with a choice of address sizes ask for theirs.</summary>
    TranslationControl1,

    /// <summary>TTBR0_EL1.</summary>
    TranslationBase0,

    /// <summary>TTBR1_EL1.</summary>
    TranslationBase1,

    // Pointer authentication keys, 128 bits each; only where translations are for a processor that has them.
    KeyIALow, KeyIAHigh,
    KeyIBLow, KeyIBHigh,
    KeyDALow, KeyDAHigh,
    KeyDBLow, KeyDBHigh,
    KeyGALow, KeyGAHigh,

    Count,
}

/// <summary>Which MRS and MSR may be done as a load or store of <see cref="GuestContext.Direct"/>, without leaving guest code.</summary>
internal static class DirectRegisters
{
    // op0:op1:CRn:CRm:op2 in 16 bits (Arm ARM C5.1.2).
    public const uint TPIDR_EL0 = 0xDE82;
    public const uint TPIDRRO_EL0 = 0xDE83;
    public const uint TPIDR_EL1 = 0xC684;
    public const uint SP_EL0 = 0xC208;
    public const uint ELR_EL1 = 0xC201;
    public const uint SPSR_EL1 = 0xC200;
    public const uint ESR_EL1 = 0xC290;
    public const uint FAR_EL1 = 0xC300;
    public const uint CONTEXTIDR_EL1 = 0xC681;
    public const uint SCTLR_EL1 = 0xC080;
    public const uint TTBR0_EL1 = 0xC100;
    public const uint TTBR1_EL1 = 0xC101;
    public const uint TCR_EL1 = 0xC102;
    public const uint DAIF = 0xDA11;
    public const uint DCZID_EL0 = 0xD807;
    public const uint CTR_EL0 = 0xD801;

    /// <summary>Byte offset in <see cref="GuestContext"/> of a key register (APIAKeyLo_EL1 to APGAKeyHi_EL1), or −1. For EL1 of processors that have them.</summary>
    public static int OffsetOfKey(uint encoding)
    {
        // op0 = 3, op1 = 0, CRn = 2; CRm from 1 and op2 count the halves, four to a CRm.
        const uint First = 0xC108;
        uint index = ((encoding - First) & 3) + (((encoding - First) >> 3) * 4);
        bool isKey = encoding >= First && (encoding & 4) == 0 && index < (int)DirectRegister.Count - (int)DirectRegister.KeyIALow;
        return isKey ? GuestContext.DirectRegistersOffset + (((int)DirectRegister.KeyIALow + (int)index) * 8) : -1;
    }

    /// <summary>Byte offset in <see cref="GuestContext"/> of the register, or −1 where the access needs the processor (<see cref="IGuestServices"/>).</summary>
    /// <remarks>
    /// SP_EL0 is direct only where the stack pointer in use is SP_EL1, which a translation does not know: the table leaves it out at EL0,
    /// and at EL1 with SPSel = 0 an access that ought to be UNDEFINED reads the bank.
    /// </remarks>
    public static int OffsetOf(uint encoding, int exceptionLevel, bool write)
    {
        DirectRegister register;
        switch (encoding)
        {
            case TPIDR_EL0:
                register = DirectRegister.ThreadPointer0;
                break;
            case TPIDRRO_EL0 when !write || exceptionLevel != 0:
                register = DirectRegister.ThreadPointerReadOnly0;
                break;
            case DCZID_EL0 when !write:
                register = exceptionLevel == 0 ? DirectRegister.ZeroBlockId0 : DirectRegister.ZeroBlockId1;
                break;
            default:
                if (exceptionLevel == 0)
                    return -1;
                switch (encoding)
                {
                    case TPIDR_EL1: register = DirectRegister.ThreadPointer1; break;
                    case SP_EL0: register = DirectRegister.StackPointer0; break;
                    case ELR_EL1: register = DirectRegister.ExceptionLink1; break;
                    case SPSR_EL1: register = DirectRegister.SavedStatus1; break;
                    case ESR_EL1: register = DirectRegister.Syndrome1; break;
                    case FAR_EL1: register = DirectRegister.FaultAddress1; break;
                    case CONTEXTIDR_EL1: register = DirectRegister.ContextId1; break;
                    case DAIF when !write: register = DirectRegister.InterruptMask; break;
                    case CTR_EL0 when !write: register = DirectRegister.CacheType; break;
                    case SCTLR_EL1 when !write: register = DirectRegister.SystemControl1; break;
                    case TCR_EL1 when !write: register = DirectRegister.TranslationControl1; break;
                    case TTBR0_EL1 when !write: register = DirectRegister.TranslationBase0; break;
                    case TTBR1_EL1 when !write: register = DirectRegister.TranslationBase1; break;
                    default: return -1;
                }

                break;
        }

        return GuestContext.DirectRegistersOffset + ((int)register * 8);
    }
}
