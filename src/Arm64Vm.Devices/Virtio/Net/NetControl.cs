namespace Arm64Vm.Devices.Virtio.Net;

/// <summary>Commands of the control queue (virtio 1.2, 5.1.6.5).</summary>
internal static class NetControl
{
    /// <summary>Class, command, and the number of pairs in 16 bits.</summary>
    public const int Size = 4;

    public const byte ClassQueuePairs = 4;
    public const byte SetQueuePairs = 0;

    public const byte Done = 0;
    public const byte Error = 1;
}
