namespace Arm64Vm.Machine.Boot;

/// <summary>The bare-metal program that comes with the product: self-tests and throughput kernels. A machine without kernel and firmware boots it.</summary>
internal static class EmbeddedFirmware
{
    /// <summary>What it prints before it switches the machine off.</summary>
    public const string Success = "FIRMWARE OK";

    /// <inheritdoc cref="Success"/>
    public const string Failure = "FIRMWARE FAIL";

    private const string Resource = "arm64vm-firmware.elf";
    private static readonly Lazy<ReadOnlyMemory<byte>> s_image = new(Read, LazyThreadSafetyMode.PublicationOnly);

    /// <summary>The ELF file, the same bytes for all machines of the process.</summary>
    /// <exception cref="BootImageException">This build has none.</exception>
    public static ReadOnlyMemory<byte> Image => s_image.Value;

    private static ReadOnlyMemory<byte> Read()
    {
        using var resource = typeof(EmbeddedFirmware).Assembly.GetManifestResourceStream(Resource)
            ?? throw new BootImageException("There is nothing to boot: this build has no embedded firmware.");
        var image = new byte[resource.Length];
        resource.ReadExactly(image);
        return image;
    }
}
