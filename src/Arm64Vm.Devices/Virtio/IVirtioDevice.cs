namespace Arm64Vm.Devices.Virtio;

/// <summary>A virtio device behind a transport (virtio 1.2, section 5).</summary>
/// <remarks>Calls come under one lock, one at a time. No call may block for long or throw.</remarks>
internal interface IVirtioDevice
{
    /// <summary>Device type: 1 network, 2 block, 3 console, 4 entropy (virtio 1.2, section 5).</summary>
    uint DeviceId { get; }

    /// <summary>Device-specific feature bits; the transport adds its own.</summary>
    ulong Features { get; }

    /// <summary>How many virtqueues it has.</summary>
    int QueueCount { get; }

    /// <summary>The largest size of a queue, a power of two up to 32768.</summary>
    ushort GetMaximumQueueSize(int queue);

    /// <summary>The driver has set DRIVER_OK: what was negotiated, the queues (unused ones are not ready), and how to raise interrupts.</summary>
    void Activate(ulong features, IReadOnlyList<Virtqueue> queues, IVirtioInterrupts interrupts);

    /// <summary>Drops every request; no queue may be touched after it.</summary>
    void Reset();

    /// <summary>Finishes requests in flight, before a save. The only call that comes without the device's lock, and that may wait.</summary>
    void Quiesce()
    {
    }

    /// <summary>The driver put buffers into a queue.</summary>
    void Notify(int queue);

    /// <summary>Reads configuration bytes; those that do not exist stay 0.</summary>
    void ReadConfiguration(uint offset, Span<byte> destination);

    /// <summary>Writes configuration bytes; what cannot be written is ignored.</summary>
    void WriteConfiguration(uint offset, ReadOnlySpan<byte> source);
}

/// <summary>How a device reaches its driver. Safe from any thread.</summary>
internal interface IVirtioInterrupts
{
    /// <summary>Used buffers of a queue are to be seen; called only when <see cref="Virtqueue.ShouldInterrupt"/> says so.</summary>
    void RaiseUsedBuffer(int queue);

    /// <summary>Runs work of the device's own (input from the host) as if the driver had notified it: alone, and before or after a reset or save.</summary>
    void Synchronize(Action work);

    /// <summary>The configuration changed.</summary>
    void RaiseConfigurationChange();

    /// <summary>The driver broke the rules beyond repair: sets DEVICE_NEEDS_RESET.</summary>
    void RequestReset();
}
