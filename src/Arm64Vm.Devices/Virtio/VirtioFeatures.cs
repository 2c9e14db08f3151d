namespace Arm64Vm.Devices.Virtio;

/// <summary>Feature bits of rings and transports (virtio 1.2, section 6).</summary>
internal static class VirtioFeatures
{
    /// <summary>Descriptors may point to a table of descriptors.</summary>
    public const ulong IndirectDescriptors = 1ul << 28;

    /// <summary>Notifications are suppressed by index.</summary>
    public const ulong EventIndex = 1ul << 29;

    /// <summary>Not a legacy device.</summary>
    public const ulong Version1 = 1ul << 32;
}
