namespace Arm64Vm.Machine.Tests.Fuzz;

/// <summary>Small programs that do what no sane guest does. Words with their assembly; made with binutils.</summary>
internal static class AbusePrograms
{
    public static IReadOnlyDictionary<string, uint[]> All { get; } = new Dictionary<string, uint[]>
    {
        // A loop of one instruction.
        ["BranchToItself"] =
        [
            0x14000000, // b .
        ],
        // Calls that never return: the stack of predicted returns must not run over.
        ["EndlessRecursion"] =
        [
            0x94000000, // bl .
        ],
        // The same through a register.
        ["EndlessIndirectRecursion"] =
        [
            0x10000008, // adr x8, .
            0xD63F0100, // blr x8
            0x17FFFFFF, // b .-4
        ],
        // Returns that no call belongs to.
        ["ReturnToItself"] =
        [
            0x1000001E, // adr x30, .
            0xD65F03C0, // ret
        ],
        // Calls and returns that do not pair.
        ["AlternatingCalls"] =
        [
            0x10000009, // adr x9, .
            0x94000002, // bl .+8
            0x17FFFFFF, // b .-4
            0x91000400, // add x0, x0, #1
            0xAA0903FE, // mov x30, x9
            0x37000040, // tbnz w0, #0, .+8
            0xD65F03C0, // ret
            0x97FFFFF9, // bl .-28
        ],
        // An exception whose vector cannot be fetched, and so on without end.
        ["VectorsInNowhere"] =
        [
            0xD2C00600, // mov x0, #0x3000000000
            0xD518C000, // msr vbar_el1, x0
            0xD4000001, // svc #0
        ],
        // Vectors in the UART.
        ["VectorsInADevice"] =
        [
            0xD2A12000, // mov x0, #0x09000000
            0xD518C000, // msr vbar_el1, x0
            0xD4000001, // svc #0
        ],
        // Vectors full of zeros, which are no instruction.
        ["VectorsThatAreUndefined"] =
        [
            0xD2A84000, // mov x0, #0x42000000
            0xD518C000, // msr vbar_el1, x0
            0x00000000, // udf #0
        ],
        // SVC at the vector of SVC.
        ["CallInTheVector"] =
        [
            0x10004000, // adr x0, .+0x800
            0xD518C000, // msr vbar_el1, x0
            0xD4000001, // svc #0
            .. new uint[637], // up to +0xa00
            0xD4000021, // svc #1
        ],
        // The handler of an abort aborts.
        ["LoadFaultInTheVector"] =
        [
            0x10004000, // adr x0, .+0x800
            0xD518C000, // msr vbar_el1, x0
            0xD2C00601, // mov x1, #0x3000000000
            0xF9400022, // ldr x2, [x1]
            .. new uint[636], // up to +0xa00
            0xF9400022, // ldr x2, [x1]
        ],
        // The handler uses a misaligned stack pointer with the check on.
        ["MisalignedStackInTheVector"] =
        [
            0x10004000, // adr x0, .+0x800
            0xD518C000, // msr vbar_el1, x0
            0xD5381001, // mrs x1, sctlr_el1
            0xB27D0021, // orr x1, x1, #8
            0xD5181001, // msr sctlr_el1, x1
            0xD5033FDF, // isb
            0x30000001, // adr x1, .+1
            0x9100003F, // mov sp, x1
            0xF94003E2, // ldr x2, [sp]
            .. new uint[631], // up to +0xa00
            0xF81F0FE2, // str x2, [sp, #-16]!
        ],
        // ERET to ERET.
        ["ReturnFromExceptionToItself"] =
        [
            0x10000080, // adr x0, .+16
            0xD5184020, // msr elr_el1, x0
            0xD28078A1, // mov x1, #0x3c5
            0xD5184001, // msr spsr_el1, x1
            0xD69F03E0, // eret
        ],
        // ERET to an exception level that is not there.
        ["IllegalReturns"] =
        [
            0x10004000, // adr x0, .+0x800
            0xD518C000, // msr vbar_el1, x0
            0xD28079A1, // mov x1, #0x3cd
            0xD5184001, // msr spsr_el1, x1
            0xD69F03E0, // eret
            .. new uint[635], // up to +0xa00
            0xD5184001, // msr spsr_el1, x1
            0xD69F03E0, // eret
        ],
        // EL0 calls EL1, which returns, without end.
        ["EveryExceptionLevelAtOnce"] =
        [
            0x10004000, // adr x0, .+0x800
            0xD518C000, // msr vbar_el1, x0
            0x100000A0, // adr x0, .+20
            0xD5184020, // msr elr_el1, x0
            0xD2800001, // mov x1, #0
            0xD5184001, // msr spsr_el1, x1
            0xD69F03E0, // eret
            0xD4000001, // svc #0
            0x17FFFFFF, // b .-4
            .. new uint[759], // up to +0xc00
            0xD69F03E0, // eret
        ],
        // WFI with no interrupt that could come.
        ["WaitForNothing"] =
        [
            0xD503207F, // wfi
            0x17FFFFFF, // b .-4
        ],
        // WFE in a loop.
        ["WaitForEvents"] =
        [
            0xD503205F, // wfe
            0x17FFFFFF, // b .-4
        ],
        // SEV, WFE and YIELD in a loop.
        ["SendAndWait"] =
        [
            0xD503209F, // sev
            0xD503205F, // wfe
            0xD503203F, // yield
            0x17FFFFFD, // b .-12
        ],
        // Every turn stores to the instruction that comes next.
        ["CodeThatRewritesItself"] =
        [
            0x10000081, // adr x1, .+16
            0xB9400022, // ldr w2, [x1]
            0xB9000022, // str w2, [x1]
            0x91000400, // add x0, x0, #1
            0x91000800, // add x0, x0, #2
            0xD50B7521, // ic ivau, x1
            0x17FFFFFC, // b .-16
        ],
        // The store goes to the store itself.
        ["CodeThatRewritesItsLoop"] =
        [
            0x10000061, // adr x1, .+12
            0xB9400022, // ldr w2, [x1]
            0xD503201F, // nop
            0xB9000022, // str w2, [x1]
            0x17FFFFFF, // b .-4
        ],
        // Zeroing the cache line that is running.
        ["CodeThatClearsItself"] =
        [
            0x10000001, // adr x1, .
            0xD50B7421, // dc zva, x1
            0x17FFFFFF, // b .-4
        ],
        // Copies itself forward through memory and goes there.
        ["CodeThatMoves"] =
        [
            0x10000001, // adr x1, .
            0x91008022, // add x2, x1, #32
            0xAD400420, // ldp q0, q1, [x1]
            0xAD000440, // stp q0, q1, [x2]
            0xD61F0040, // br x2
            0xD503201F, // nop
            0xD503201F, // nop
            0xD503201F, // nop
        ],
        // TLBI in a loop: names of contexts are used up.
        ["TranslationInvalidation"] =
        [
            0xD508871F, // tlbi vmalle1
            0xD5033F9F, // dsb sy
            0xD5033FDF, // isb
            0x17FFFFFD, // b .-12
        ],
        // A new TTBR0 and ASID every turn.
        ["AddressSpaceSwitches"] =
        [
            0xD5182000, // msr ttbr0_el1, x0
            0xD5033FDF, // isb
            0xD2E00021, // mov x1, #0x1000000000000
            0x8B010000, // add x0, x0, x1
            0x17FFFFFC, // b .-16
        ],
        // The MMU goes on with tables in nowhere.
        ["MmuOnWithoutTables"] =
        [
            0xD2C00600, // mov x0, #0x3000000000
            0xD5182000, // msr ttbr0_el1, x0
            0xD2800200, // mov x0, #0x10
            0xD5182040, // msr tcr_el1, x0
            0xD5381000, // mrs x0, sctlr_el1
            0xB2400000, // orr x0, x0, #1
            0xD5181000, // msr sctlr_el1, x0
            0xD5033FDF, // isb
            0x14000000, // b .
        ],
        // The MMU goes on and off every turn.
        ["MmuOnAndOff"] =
        [
            0xD5381000, // mrs x0, sctlr_el1
            0xD2400000, // eor x0, x0, #1
            0xD5181000, // msr sctlr_el1, x0
            0xD5033FDF, // isb
            0x17FFFFFC, // b .-16
        ],
        // The timer has expired, and its handler does nothing about it.
        ["TimerStorm"] =
        [
            0x10004000, // adr x0, .+0x800
            0xD518C000, // msr vbar_el1, x0
            0xD2800020, // mov x0, #1
            0xD518CCA0, // msr icc_sre_el1, x0
            0xD5033FDF, // isb
            0xD2801FE0, // mov x0, #0xff
            0xD5184600, // msr icc_pmr_el1, x0
            0xD2800020, // mov x0, #1
            0xD518CCE0, // msr icc_igrpen1_el1, x0
            0xD2A10001, // mov x1, #0x08000000
            0x52800042, // mov w2, #2
            0xB9000022, // str w2, [x1]
            0xD2A10161, // mov x1, #0x080b0000
            0x52A10002, // mov w2, #0x8000000
            0xB9008022, // str w2, [x1, #0x80]
            0xB9010022, // str w2, [x1, #0x100]
            0xD51BE35F, // msr cntv_cval_el0, xzr
            0xD51BE320, // msr cntv_ctl_el0, x0
            0xD50342FF, // msr daifclr, #2
            0x14000000, // b .
            .. new uint[652], // up to +0xa80
            0xD69F03E0, // eret
        ],
        // Semihosting waits for a key that nobody presses.
        ["ReadsOfTheConsole"] =
        [
            0xD28000E0, // mov x0, #7
            0xD45E0000, // hlt #0xf000
            0x17FFFFFE, // b .-8
        ],
        // Runs off the end of RAM.
        ["TheEndOfMemory"] =
        [
            0xD2A87FE0, // mov x0, #0x43ff0000
            0x529FFE01, // mov w1, #0xfff0
            0x8B010000, // add x0, x0, x1
            0x180000C2, // ldr w2, .+24
            0xB9000002, // str w2, [x0]
            0xB9000402, // str w2, [x0, #4]
            0xB9000C02, // str w2, [x0, #12]
            0xB9000802, // str w2, [x0, #8]
            0xD61F0000, // br x0
            0xD503201F, // nop
        ],
        // Pairs, atomics and exclusives on device registers.
        ["DeviceAsStack"] =
        [
            0x10004000, // adr x0, .+0x800
            0xD518C000, // msr vbar_el1, x0
            0xD2A12001, // mov x1, #0x09000000
            0xA9400C22, // ldp x2, x3, [x1]
            0xAD000420, // stp q0, q1, [x1]
            0x885F7C22, // ldxr w2, [x1]
            0x88037C22, // stxr w3, w2, [x1]
            0xB8220023, // ldadd w2, w3, [x1]
            0xD50B7421, // dc zva, x1
            0x17FFFFF9, // b .-28
            .. new uint[630], // up to +0xa00
            0xD5384025, // mrs x5, elr_el1
            0x910010A5, // add x5, x5, #4
            0xD5184025, // msr elr_el1, x5
            0xD69F03E0, // eret
        ],
        // Software step of a handler that steps itself.
        ["SingleStep"] =
        [
            0xD2800020, // mov x0, #1
            0xD5100240, // msr mdscr_el1, x0
            0x10003FC0, // adr x0, .+0x7f8
            0xD518C000, // msr vbar_el1, x0
            0xD510109F, // msr oslar_el1, xzr
            0x100000C0, // adr x0, .+24
            0xD5184020, // msr elr_el1, x0
            0xD2A00401, // mov x1, #0x200000
            0xF28000A1, // movk x1, #5
            0xD5184001, // msr spsr_el1, x1
            0xD69F03E0, // eret
            0xD503201F, // nop
            0x17FFFFFF, // b .-4
        ],
    };
}
