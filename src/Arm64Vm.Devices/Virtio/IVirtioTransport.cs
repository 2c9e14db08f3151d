namespace Arm64Vm.Devices.Virtio;

/// <summary>How a transport tells the driver something. Called under <see cref="VirtioCore.Gate"/>.</summary>
internal interface IVirtioTransport
{
    /// <summary>Used buffers of a queue are to be seen.</summary>
    void SignalQueue(int queue);

    /// <summary>The configuration, or the need for a reset, is to be seen.</summary>
    void SignalConfiguration();
}
