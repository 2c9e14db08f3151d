namespace Arm64Vm.Devices.Virtio.Net;

/// <summary>Feature bits of a network device (virtio 1.2, 5.1.3).</summary>
internal static class VirtioNetFeatures
{
    /// <summary>The device completes checksums.</summary>
    public const ulong Checksum = 1ul << 0;

    /// <summary>The driver takes frames without their checksums, and is told which are right.</summary>
    public const ulong GuestChecksum = 1ul << 1;

    public const ulong Mtu = 1ul << 3;
    public const ulong MacAddress = 1ul << 5;

    /// <summary>The driver takes TCP segments larger than a frame.</summary>
    public const ulong GuestSegments4 = 1ul << 7;
    public const ulong GuestSegments6 = 1ul << 8;

    /// <summary>The device cuts TCP segments.</summary>
    public const ulong HostSegments4 = 1ul << 11;
    public const ulong HostSegments6 = 1ul << 12;

    /// <summary>One frame may take several of the driver's buffers.</summary>
    public const ulong MergeableBuffers = 1ul << 15;

    /// <summary>The configuration says whether the link is up.</summary>
    public const ulong Status = 1ul << 16;

    /// <summary>The driver gives commands through a queue for them.</summary>
    public const ulong ControlQueue = 1ul << 17;

    /// <summary>There are several pairs of queues.</summary>
    public const ulong QueuePairs = 1ul << 22;
}
