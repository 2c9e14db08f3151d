using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Virtio;

/// <summary>A device's status, features and queues (virtio 1.2, section 2): what is the same on every transport.</summary>
/// <remarks>The transport holds <see cref="Gate"/> for each of its calls, <see cref="Save"/> and <see cref="Restore"/> excepted.</remarks>
internal sealed class VirtioCore : IVirtioInterrupts, IStateful<VirtioCoreState>, IDisposable
{
    public const uint StatusDriverOk = 4;
    public const uint StatusFeaturesOk = 8;
    public const uint StatusNeedsReset = 0x40;

    private const ulong RingFeatures = VirtioFeatures.IndirectDescriptors | VirtioFeatures.EventIndex | VirtioFeatures.Version1;

    private readonly IVirtioTransport _transport;
    private readonly Virtqueue[] _queues;
    private readonly ulong _offered;
    private ulong _driverFeatures;
    private bool _isDisposed;

    /// <param name="device">The device.</param>
    /// <param name="memory">Where rings and buffers are.</param>
    /// <param name="transport">Gets interrupts.</param>
    /// <param name="gate">The transport's lock; null: one of the device's own.</param>
    public VirtioCore(IVirtioDevice device, IGuestMemory memory, IVirtioTransport transport, Lock? gate = null)
    {
        Gate = gate ?? new Lock();
        Device = device;
        _transport = transport;
        _queues = new Virtqueue[device.QueueCount];
        for (var i = 0; i < _queues.Length; i++)
            _queues[i] = new Virtqueue(memory, i, device.GetMaximumQueueSize(i));
        _offered = device.Features | RingFeatures;
    }

    /// <summary>Guards the device, its queues and its transport.</summary>
    public Lock Gate { get; }

    public IVirtioDevice Device { get; }

    /// <summary>The device status field (2.1).</summary>
    public uint Status { get; private set; }

    /// <summary>Changes with every change of the configuration that the device makes.</summary>
    public uint Generation { get; private set; }

    public int QueueCount => _queues.Length;

    private bool IsLive => (Status & (StatusDriverOk | StatusFeaturesOk | StatusNeedsReset)) == (StatusDriverOk | StatusFeaturesOk);

    /// <summary>A queue by the number a driver selected; null: there is none.</summary>
    public Virtqueue? Queue(uint number) => number < (uint)_queues.Length ? _queues[number] : null;

    /// <summary>A half of the offered feature bits, 0 beyond the second.</summary>
    public uint OfferedFeatures(uint half) => half < 2 ? (uint)(_offered >> (32 * (int)half)) : 0;

    /// <summary>A half of the accepted feature bits.</summary>
    public uint AcceptedFeatures(uint half) => half < 2 ? (uint)(_driverFeatures >> (32 * (int)half)) : 0;

    /// <summary>The driver accepts a half of the features; they stand once it has said FEATURES_OK.</summary>
    public void AcceptFeatures(uint half, uint value)
    {
        if (half >= 2 || (Status & StatusFeaturesOk) != 0)
            return;
        var shift = 32 * (int)half;
        _driverFeatures = (_driverFeatures & ~(0xFFFF_FFFFul << shift)) | ((ulong)value << shift);
    }

    /// <summary>The driver enables a queue, which its ring must allow.</summary>
    public static void SetReady(Virtqueue queue, bool ready) => queue.IsReady = ready && queue.IsValid;

    /// <summary>The driver writes a status other than 0 (2.1.1, 3.1.1).</summary>
    public void SetStatus(uint value)
    {
        var raised = value & ~Status;
        if ((raised & StatusFeaturesOk) != 0
            && ((_driverFeatures & ~_offered) != 0 || (_driverFeatures & VirtioFeatures.Version1) == 0))
            value &= ~StatusFeaturesOk;
        Status = value | (Status & StatusNeedsReset);
        if ((raised & StatusDriverOk) != 0 && (Status & StatusFeaturesOk) != 0)
            Activate();
    }

    /// <summary>The driver writes status 0. The transport resets what is its own.</summary>
    public void Reset()
    {
        Device.Reset();
        foreach (var queue in _queues)
            queue.Reset();
        Status = 0;
        _driverFeatures = 0;
    }

    /// <summary>The driver put buffers into a queue.</summary>
    public void Notify(uint number)
    {
        if (!IsLive || Queue(number) is not { IsReady: true } queue)
            return;
        Device.Notify((int)number);
        if (queue.IsBroken)
            RequestReset();
    }

    /// <inheritdoc/>
    public void RaiseUsedBuffer(int queue)
    {
        lock (Gate)
        {
            if (!_isDisposed)
                _transport.SignalQueue(queue);
        }
    }

    /// <inheritdoc/>
    public void Synchronize(Action work)
    {
        lock (Gate)
        {
            if (!IsLive)
                return;
            work();
            foreach (var queue in _queues)
            {
                if (queue.IsBroken)
                    RequestReset();
            }
        }
    }

    /// <inheritdoc/>
    public void RaiseConfigurationChange()
    {
        lock (Gate)
        {
            if (_isDisposed)
                return;
            Generation++;
            _transport.SignalConfiguration();
        }
    }

    /// <inheritdoc/>
    public void RequestReset()
    {
        lock (Gate)
        {
            Status |= StatusNeedsReset;
            if ((Status & StatusDriverOk) != 0)
                RaiseConfigurationChange();
        }
    }

    /// <inheritdoc/>
    public VirtioCoreState Save()
    {
        lock (Gate)
        {
            return new VirtioCoreState
            {
                Status = Status,
                DriverFeatures = _driverFeatures,
                ConfigurationGeneration = Generation,
                Queues = Array.ConvertAll(_queues, queue => queue.Save()),
            };
        }
    }

    /// <inheritdoc/>
    public void Restore(VirtioCoreState state)
    {
        lock (Gate)
        {
            Device.Reset();
            Status = state.Status;

            // What is still being negotiated stays as it was written; it is checked when the driver is done.
            _driverFeatures = (Status & StatusFeaturesOk) != 0 ? state.DriverFeatures & _offered : state.DriverFeatures;
            Generation = state.ConfigurationGeneration;
            for (var i = 0; i < Math.Min(_queues.Length, state.Queues.Count); i++)
                _queues[i].Restore(state.Queues[i]);
            if ((Status & StatusDriverOk) != 0)
                Activate();
        }
    }

    /// <summary>Finishes requests in flight and takes the device off: nothing of it touches memory or raises an interrupt afterwards, even where it is still called.</summary>
    /// <remarks>No processor may be running. The device itself belongs to its maker, who disposes it later.</remarks>
    public void Dispose()
    {
        Device.Quiesce();
        lock (Gate)
        {
            Reset();
            _isDisposed = true;
        }
    }

    private void Activate()
    {
        foreach (var queue in _queues)
            queue.Activate(_driverFeatures);
        Device.Activate(_driverFeatures, _queues, this);
    }
}
