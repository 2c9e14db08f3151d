namespace Arm64Vm.Backend.X64.Emit;

/// <summary>A general-purpose register, numbered as in the ModRM byte (Intel SDM vol. 2A, table 2-2). The operand size is given with each instruction.</summary>
internal enum Gpr : byte
{
    Rax,
    Rcx,
    Rdx,
    Rbx,
    Rsp,
    Rbp,
    Rsi,
    Rdi,
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15,
}
