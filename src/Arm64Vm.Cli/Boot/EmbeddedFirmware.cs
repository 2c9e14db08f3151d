namespace Arm64Vm.Cli.Boot;

/// <summary>The bare-metal program that comes with the product: self-tests and throughput kernels.</summary>
internal static class EmbeddedFirmware
{
    private const string Resource = "arm64vm-firmware.elf";

    /// <summary>What it prints before it switches the machine off.</summary>
    public const string Success = "FIRMWARE OK";

    /// <inheritdoc cref="Success"/>
    public const string Failure = "FIRMWARE FAIL";

    public static byte[] Read()
    {
        using var resource = typeof(EmbeddedFirmware).Assembly.GetManifestResourceStream(Resource)
            ?? throw CliException.Failure("this build has no embedded firmware");
        var image = new byte[resource.Length];
        resource.ReadExactly(image);
        return image;
    }
}
