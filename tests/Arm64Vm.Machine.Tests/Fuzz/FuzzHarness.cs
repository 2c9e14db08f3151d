namespace Arm64Vm.Machine.Tests.Fuzz;

/// <summary>The part of a fuzz guest that is not random: it sets the processor up anew and goes to a random place, at start and after every exception.</summary>
internal static class FuzzHarness
{
    /// <summary>Where its parameters are, from its start: what <see cref="Code"/> loads from x17 on.</summary>
    public const int Parameters = 0x800;
    public const int Counter = Parameters + 56;
    public const int Registers = Parameters + 0x100;

    public static ReadOnlySpan<uint> Code =>
    [
        0xD500409F, // msr pan, #0
        0x10003FF1, // adr x17, params
        0xA9400620, // ldp x0, x1, [x17]
        0xD518C000, // msr vbar_el1, x0
        0xD518A201, // msr mair_el1, x1
        0xA9410620, // ldp x0, x1, [x17, #16]
        0xD5182040, // msr tcr_el1, x0
        0xD5182001, // msr ttbr0_el1, x1
        0xD5182021, // msr ttbr1_el1, x1
        0xA9420620, // ldp x0, x1, [x17, #32]
        0xD5181041, // msr cpacr_el1, x1
        0xD5181000, // msr sctlr_el1, x0
        0xD5033FDF, // isb
        0x10003E71, // adr x17, params
        0xF9402A20, // ldr x0, [x17, #80]
        0xB4000220, // cbz x0, .+68
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
        0xD51BE320, // msr cntv_ctl_el0, x0
        0xD53BE041, // mrs x1, cntvct_el0
        0x91404021, // add x1, x1, #16, lsl #12
        0xD51BE341, // msr cntv_cval_el0, x1
        0xD503201F, // nop
        0xA9430630, // ldp x16, x1, [x17, #48]
        0xD28985A2, // mov x2, #0x4c2d
        0xF2BE85A2, // movk x2, #0xf42d, lsl #16
        0xF2CFE5A2, // movk x2, #0x7f2d, lsl #32
        0xF2EB0A22, // movk x2, #0x5851, lsl #48
        0x9B027E10, // mul x16, x16, x2
        0x913EC610, // add x16, x16, #0xfb1
        0x91000421, // add x1, x1, #1
        0xA9030630, // stp x16, x1, [x17, #48]
        0xF9402E22, // ldr x2, [x17, #88]
        0xEB02003F, // cmp x1, x2
        0x54000081, // b.ne .+16
        0x91018221, // add x1, x17, #96
        0x52800300, // mov w0, #0x18
        0xD45E0000, // hlt #0xf000
        0xD361FE00, // lsr x0, x16, #33
        0x927E3400, // and x0, x0, #0xfffc
        0xA9440E21, // ldp x1, x3, [x17, #64]
        0xD28000A2, // mov x2, #5
        0xB6E00070, // tbz x16, #60, .+12
        0xAA0303E1, // mov x1, x3
        0xD2800002, // mov x2, #0
        0x8B010000, // add x0, x0, x1
        0xD5184020, // msr elr_el1, x0
        0x92640E03, // and x3, x16, #0xf0000000
        0xAA030042, // orr x2, x2, x3
        0x927A0A03, // and x3, x16, #0x1c0
        0xAA030042, // orr x2, x2, x3
        0xD5184002, // msr spsr_el1, x2
        0x91040231, // add x17, x17, #0x100
        0xD368B610, // ubfx x16, x16, #40, #6
        0x8B100E31, // add x17, x17, x16, lsl #3
        0xA9400620, // ldp x0, x1, [x17]
        0xA9410E22, // ldp x2, x3, [x17, #16]
        0xA9421624, // ldp x4, x5, [x17, #32]
        0xA9431E26, // ldp x6, x7, [x17, #48]
        0xA9442628, // ldp x8, x9, [x17, #64]
        0xA9452E2A, // ldp x10, x11, [x17, #80]
        0xA946362C, // ldp x12, x13, [x17, #96]
        0xA9473E2E, // ldp x14, x15, [x17, #112]
        0xA9484E32, // ldp x18, x19, [x17, #128]
        0xA9495634, // ldp x20, x21, [x17, #144]
        0xA94A5E36, // ldp x22, x23, [x17, #160]
        0xA94B6638, // ldp x24, x25, [x17, #176]
        0xA94C6E3A, // ldp x26, x27, [x17, #192]
        0xA94D763C, // ldp x28, x29, [x17, #208]
        0xF940723E, // ldr x30, [x17, #224]
        0x910001DF, // mov sp, x14
        0xAA0003F0, // mov x16, x0
        0xD69F03E0, // eret
    ];
}
