namespace Arm64Vm.Machine;

/// <summary>The registers of a processor that stands still.</summary>
public sealed record CpuRegisters
{
    /// <summary>X0 to X30.</summary>
    public required IReadOnlyList<ulong> X { get; init; }

    /// <summary>The stack pointer in use.</summary>
    public required ulong StackPointer { get; init; }

    public required ulong Pc { get; init; }

    /// <summary>PSTATE in the form of SPSR_EL1 (Arm ARM C5.2.19).</summary>
    public required uint ProcessorState { get; init; }

    /// <summary>0 or 1.</summary>
    public required int ExceptionLevel { get; init; }

    /// <summary>V0 to V31.</summary>
    public required IReadOnlyList<UInt128> V { get; init; }

    public required uint Fpcr { get; init; }

    public required uint Fpsr { get; init; }

    /// <summary>System registers that keep a value, by the name's encoding op0:op1:CRn:CRm:op2.</summary>
    public required IReadOnlyDictionary<ushort, ulong> System { get; init; }
}
