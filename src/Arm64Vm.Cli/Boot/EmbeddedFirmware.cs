namespace Arm64Vm.Cli.Boot;

/// <summary>What a machine without kernel and firmware boots: the library's program with self-tests and throughput kernels.</summary>
internal static class EmbeddedFirmware
{
    /// <summary>What it prints before it switches the machine off.</summary>
    public const string Success = "FIRMWARE OK";

    /// <inheritdoc cref="Success"/>
    public const string Failure = "FIRMWARE FAIL";
}
