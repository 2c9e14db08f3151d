using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Exceptions;

/// <summary>Values of ESR_EL1 (Arm ARM D24.2.40). All instructions are 32 bits, so IL is always set.</summary>
internal static class Syndrome
{
    /// <summary>WnR of data aborts and watchpoints.</summary>
    public const uint WriteNotRead = 1u << 6;

    private const ulong InstructionLength = 1UL << 25;

    public static ulong Make(ExceptionClass exceptionClass, uint iss = 0) =>
        ((ulong)exceptionClass << 26) | InstructionLength | iss;

    /// <summary>SIMD and FP trap: CV = 1, COND = always.</summary>
    public static ulong FloatTrap() => Make(ExceptionClass.FloatTrap, 0x1E0_0000);

    /// <summary>WFI (0), WFE (1), WFIT (2) or WFET (3) trap; the latter two name their register (RN, with RV).</summary>
    public static ulong WaitForX(uint kind, uint register = 0) =>
        Make(ExceptionClass.WaitForX, 0x1E0_0000 | (kind < 2 ? 0 : (register << 5) | (1u << 2)) | kind);

    /// <summary>MRS, MSR or SYS from EL0 that EL1 traps.</summary>
    public static ulong SystemRegister(SystemRegister register, uint rt, bool isRead) =>
        Make(
            ExceptionClass.SystemRegister,
            ((uint)register.Op0 << 20) | ((uint)register.Op2 << 17) | ((uint)register.Op1 << 14) | ((uint)register.CRn << 10) | (rt << 5) | ((uint)register.CRm << 1) | (isRead ? 1u : 0));

    /// <summary>Stage 1 data abort: no instruction syndrome (ISV = 0).</summary>
    public static ulong DataAbort(bool fromLower, int status, bool isWrite, bool isMaintenance) =>
        Make(
            fromLower ? ExceptionClass.DataAbortLower : ExceptionClass.DataAbort,
            (uint)status | (isWrite ? WriteNotRead : 0) | (isMaintenance ? 1u << 8 : 0));

    /// <summary>Memory copy or set with registers in a form that is not option A's: MemInst, Options, FromEpilogue, WrongOption, OptionA and the registers.</summary>
    public static ulong MemoryOperation(MemoryOperation operation, bool wrongOption) =>
        Make(
            ExceptionClass.MemoryOperation,
            (operation.IsSet ? 1u << 24 : 0) | (operation.Options << 19) | (operation.Stage == MemoryStage.Epilogue ? 1u << 18 : 0) | (wrongOption ? 1u << 17 : 0) | (1u << 16)
                | ((uint)operation.Destination << 10) | ((uint)operation.Source << 5) | (uint)operation.Count);

    public static ulong InstructionAbort(bool fromLower, int status) =>
        Make(fromLower ? ExceptionClass.InstructionAbortLower : ExceptionClass.InstructionAbort, (uint)status);
}
