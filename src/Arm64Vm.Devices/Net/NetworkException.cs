namespace Arm64Vm.Devices.Net;

/// <summary>A network cannot be had from the host; the message says why and what helps.</summary>
internal sealed class NetworkException(string message, Exception? inner = null) : IOException(message, inner);
