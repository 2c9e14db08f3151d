namespace Arm64Vm.Cpu;

/// <summary>What a handler of HVC wants the processor to do next.</summary>
internal enum CallOutcome
{
    /// <summary>Results are in the registers; go on.</summary>
    Continue,

    /// <summary>There is no such call: HVC is undefined.</summary>
    Undefined,

    /// <summary>Go on after an interrupt, as WFI would.</summary>
    WaitForInterrupt,

    /// <summary>Switch this processor off: nothing but a stop request wakes it.</summary>
    PowerDown,

    /// <summary>Not yet: let others run, and make the call again. Registers are unchanged.</summary>
    Retry,

    /// <summary>Leave the run loop; a stop was requested.</summary>
    Stop,
}

/// <summary>Firmware behind HVC: PSCI and the SMC calling convention (Arm DEN 0022, DEN 0028).</summary>
internal interface IHypervisorCalls
{
    /// <summary>Handles HVC #<paramref name="immediate"/> executed at EL1; arguments and results are in X0 and up.</summary>
    CallOutcome Call(Vcpu vcpu, ushort immediate);
}

/// <summary>The host's side of semihosting (Arm "Semihosting for AArch32 and AArch64", version 3).</summary>
internal interface ISemihosting
{
    /// <summary>The guest writes to its console.</summary>
    void Write(ReadOnlySpan<byte> bytes);

    /// <summary>The guest reads one byte; −1 at the end of input.</summary>
    int Read();

    /// <summary>Command line of the guest program.</summary>
    string CommandLine { get; }
}
