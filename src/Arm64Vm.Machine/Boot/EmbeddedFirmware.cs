namespace Arm64Vm.Machine.Boot;

/// <summary>The bare-metal program that comes with the product: self-tests and throughput kernels. A machine without kernel and firmware boots it.</summary>
internal static class EmbeddedFirmware
{
    /// <summary>What it prints before it switches the machine off.</summary>
    public const string Success = "FIRMWARE OK";

    /// <inheritdoc cref="Success"/>
    public const string Failure = "FIRMWARE FAIL";

    private const string Resource = "arm64vm-firmware.elf";

    public static byte[] Read()
    {
        using var resource = typeof(EmbeddedFirmware).Assembly.GetManifestResourceStream(Resource)
            ?? throw new BootImageException("There is nothing to boot: this build has no embedded firmware.");
        var image = new byte[resource.Length];
        resource.ReadExactly(image);
        return image;
    }
}
