namespace Arm64Vm.Devices.Tpm;

/// <summary>Where a command is (PC Client Platform TPM Profile, 6.5.2.4).</summary>
internal enum TpmTisPhase
{
    Idle,
    Ready,
    Reception,
    Execution,
    Completion,

    /// <summary>Ready once the module has given up what nobody waits for.</summary>
    Aborting,
}
