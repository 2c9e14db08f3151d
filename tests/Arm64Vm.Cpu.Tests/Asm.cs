namespace Arm64Vm.Cpu.Tests;

/// <summary>The few instructions that system tests are written in.</summary>
internal static class Asm
{
    public const uint Nop = 0xD503_201F;
    public const uint Isb = 0xD503_3FDF;
    public const uint Wfi = 0xD503_207F;
    public const uint Wfe = 0xD503_205F;
    public const uint Eret = 0xD69F_03E0;
    public const uint Ret = 0xD65F_03C0;
    public const uint BranchSelf = 0x1400_0000;

    public static uint Movz(int rd, uint imm16, int shift = 0) => 0xD280_0000 | ((uint)(shift / 16) << 21) | (imm16 << 5) | (uint)rd;

    public static uint Movk(int rd, uint imm16, int shift) => 0xF280_0000 | ((uint)(shift / 16) << 21) | (imm16 << 5) | (uint)rd;

    public static uint Ldr(int rt, int rn) => 0xF940_0000 | ((uint)rn << 5) | (uint)rt;

    public static uint LdrW(int rt, int rn) => 0xB940_0000 | ((uint)rn << 5) | (uint)rt;

    public static uint Str(int rt, int rn) => 0xF900_0000 | ((uint)rn << 5) | (uint)rt;

    public static uint StrW(int rt, int rn) => 0xB900_0000 | ((uint)rn << 5) | (uint)rt;

    public static uint Ldtr(int rt, int rn) => 0xF840_0800 | ((uint)rn << 5) | (uint)rt;

    public static uint LdpX(int rt, int rt2, int rn) => 0xA940_0000 | ((uint)rt2 << 10) | ((uint)rn << 5) | (uint)rt;

    public static uint LdrQ(int rt, int rn) => 0x3DC0_0000 | ((uint)rn << 5) | (uint)rt;

    public static uint Ldxr(int rt, int rn) => 0xC85F_7C00 | ((uint)rn << 5) | (uint)rt;

    public static uint Stxr(int rs, int rt, int rn) => 0xC800_7C00 | ((uint)rs << 16) | ((uint)rn << 5) | (uint)rt;

    public static uint Ldadd(int rs, int rt, int rn) => 0xF820_0000 | ((uint)rs << 16) | ((uint)rn << 5) | (uint)rt;

    public static uint Cas(int rs, int rt, int rn) => 0xC8A0_7C00 | ((uint)rs << 16) | ((uint)rn << 5) | (uint)rt;

    public static uint Casp(int rs, int rt, int rn) => 0x4820_7C00 | ((uint)rs << 16) | ((uint)rn << 5) | (uint)rt;

    public static uint AddImm(int rd, int rn, uint imm) => 0x9100_0000 | (imm << 10) | ((uint)rn << 5) | (uint)rd;

    public static uint Mov(int rd, int rm) => 0xAA00_03E0 | ((uint)rm << 16) | (uint)rd;
    public static uint Blr(int rn) => 0xD63F_0000 | ((uint)rn << 5);
    public static uint Br(int rn) => 0xD61F_0000 | ((uint)rn << 5);

    public static uint B(int offset) => 0x1400_0000 | ((uint)(offset / 4) & 0x3FF_FFFF);

    public static uint Svc(uint imm) => 0xD400_0001 | (imm << 5);

    public static uint Hvc(uint imm) => 0xD400_0002 | (imm << 5);

    public static uint Smc(uint imm) => 0xD400_0003 | (imm << 5);

    public static uint Brk(uint imm) => 0xD420_0000 | (imm << 5);

    public static uint Hlt(uint imm) => 0xD440_0000 | (imm << 5);

    public static uint Mrs(int rt, int op0, int op1, int crn, int crm, int op2) => 0xD530_0000 | System(op0, op1, crn, crm, op2) | (uint)rt;

    public static uint Msr(int op0, int op1, int crn, int crm, int op2, int rt) => 0xD510_0000 | System(op0, op1, crn, crm, op2) | (uint)rt;

    public static uint Sys(int op1, int crn, int crm, int op2, int rt = 31) => 0xD508_0000 | ((uint)op1 << 16) | ((uint)crn << 12) | ((uint)crm << 8) | ((uint)op2 << 5) | (uint)rt;

    public static uint MsrImm(int op1, int op2, uint imm) => 0xD500_401F | ((uint)op1 << 16) | (imm << 8) | ((uint)op2 << 5);

    public static uint DaifClear(uint imm) => MsrImm(3, 7, imm);

    private static uint System(int op0, int op1, int crn, int crm, int op2) =>
        ((uint)(op0 & 1) << 19) | ((uint)op1 << 16) | ((uint)crn << 12) | ((uint)crm << 8) | ((uint)op2 << 5);
}
