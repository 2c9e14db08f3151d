namespace Arm64Vm.Bench.SideBySide;

/// <summary>A command line, or a host, on which no comparison can start.</summary>
internal sealed class UsageException(string message) : Exception(message);
