namespace Arm64Vm.Profiling;

/// <summary>A file is no profile, or is damaged.</summary>
internal sealed class ProfileFormatException(string message, Exception? inner = null) : Exception(message, inner);
