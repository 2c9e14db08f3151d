using System.Runtime.CompilerServices;

namespace Arm64Vm.Cli.Tests;

/// <summary>Tests, and the processes that they start, leave the user's translated code alone; those about it say where it is to be.</summary>
internal static class CodeCacheByDefault
{
    [ModuleInitializer]
    internal static void SwitchOff() => Environment.SetEnvironmentVariable("ARM64VM_CODE_CACHE", "off");
}
