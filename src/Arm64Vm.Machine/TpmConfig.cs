namespace Arm64Vm.Machine;

/// <summary>How guests reach a trusted platform module.</summary>
public enum TpmInterface
{
    /// <summary>FIFO registers ("TIS"), which the device tree and ACPI describe, as QEMU's <c>tpm-tis-device</c> has them.</summary>
    Tis,

    /// <summary>A command response buffer ("CRB"), for firmware and what finds it by ACPI.</summary>
    Crb,
}

/// <summary>A trusted platform module 2.0, which swtpm of the host is: it is started with the machine and ends with it.</summary>
/// <param name="Folder">Where the module keeps its state; made if it is not there. One machine at a time has it.</param>
/// <param name="Interface">How guests reach it.</param>
public sealed record TpmConfig(string Folder, TpmInterface Interface = TpmInterface.Tis);
