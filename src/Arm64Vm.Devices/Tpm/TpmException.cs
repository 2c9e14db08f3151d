namespace Arm64Vm.Devices.Tpm;

/// <summary>The host does not have what a trusted platform module is made of.</summary>
internal sealed class TpmException(string message) : IOException(message);
