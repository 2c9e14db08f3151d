using Arm64Vm.Machine.Boot;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Acpi;

/// <summary>Trusted platform module 2 table, revision 4 (TCG ACPI Specification 1.3, 8.3): how commands get to the module. The log of what booted is firmware's own.</summary>
internal static class Tpm2
{
    private const int Client = 0;
    private const uint StartByFifo = 6;
    private const uint StartByCommandBuffer = 7;

    public static byte[] Make(TpmInterface tpm) => AcpiTable.Make("TPM2", 4, new LittleEndianWriter()
        .Word(Client).Word(0)
        .QWord(tpm == TpmInterface.Crb ? MemoryMap.Tpm.Base + Devices.Tpm.TpmCrb.ControlArea : 0)
        .DWord(tpm == TpmInterface.Crb ? StartByCommandBuffer : StartByFifo)
        .Zeros(12));
}
