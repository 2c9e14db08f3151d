using Arm64Vm.Cpu;
using static Arm64Vm.Devices.Virtio.VirtioMmioRegisters;

namespace Arm64Vm.Devices.Virtio;

/// <summary>The MMIO transport, version 2 (virtio 1.2, 4.2). Without a device its id reads 0 and nothing else answers.</summary>
public sealed class VirtioMmioTransport : IMmioDevice, IVirtioInterrupts, IStateful<VirtioMmioState>
{
    /// <summary>Bytes of the register window.</summary>
    public const ulong Length = 0x200;

    private const ulong RingFeatures = VirtioFeatures.IndirectDescriptors | VirtioFeatures.EventIndex | VirtioFeatures.Version1;

    private readonly Lock _gate = new();
    private readonly IInterruptLine _interrupt;
    private readonly IVirtioDevice? _device;
    private readonly ILogSink? _log;
    private readonly Virtqueue[] _queues;
    private readonly ulong _offered;
    private uint _status;
    private uint _interruptStatus;
    private uint _deviceFeaturesSelect;
    private uint _driverFeaturesSelect;
    private ulong _driverFeatures;
    private uint _queueSelect;
    private uint _generation;

    /// <param name="interrupt">Asserted while the interrupt status is not 0.</param>
    /// <param name="memory">Where rings and buffers are.</param>
    /// <param name="device">Null: an empty transport.</param>
    /// <param name="log">Gets misuse by the driver.</param>
    public VirtioMmioTransport(IInterruptLine interrupt, IGuestMemory memory, IVirtioDevice? device = null, ILogSink? log = null)
    {
        _interrupt = interrupt;
        _device = device;
        _log = log;
        _queues = new Virtqueue[device?.QueueCount ?? 0];
        for (var i = 0; i < _queues.Length; i++)
            _queues[i] = new Virtqueue(memory, device!.GetMaximumQueueSize(i));
        _offered = device is null ? 0 : device.Features | RingFeatures;
    }

    /// <inheritdoc/>
    public bool TryRead(ulong offset, int size, out ulong value)
    {
        value = 0;
        if (!IsAccepted(offset, size))
            return false;
        lock (_gate)
        {
            if (offset >= Configuration)
            {
                Span<byte> bytes = stackalloc byte[8];
                bytes.Clear();
                _device?.ReadConfiguration((uint)(offset - Configuration), bytes[..size]);
                value = BitConverter.ToUInt64(bytes);
            }
            else if (size == 4 && (offset & 3) == 0)
            {
                value = ReadRegister((uint)offset);
            }
            else
            {
                LogMisuse("read", offset, size);
            }

            return true;
        }
    }

    /// <inheritdoc/>
    public bool TryWrite(ulong offset, int size, ulong value)
    {
        if (!IsAccepted(offset, size))
            return false;
        lock (_gate)
        {
            if (_device is null)
                return true;
            if (offset >= Configuration)
            {
                Span<byte> bytes = stackalloc byte[8];
                BitConverter.TryWriteBytes(bytes, value);
                _device.WriteConfiguration((uint)(offset - Configuration), bytes[..size]);
            }
            else if (size == 4 && (offset & 3) == 0)
            {
                WriteRegister((uint)offset, (uint)value);
            }
            else
            {
                LogMisuse("write", offset, size);
            }

            return true;
        }
    }

    /// <inheritdoc/>
    public void RaiseUsedBuffer() => Raise(InterruptUsedBuffer);

    /// <inheritdoc/>
    public void Synchronize(Action work)
    {
        lock (_gate)
        {
            if (IsLive)
                work();
        }
    }

    /// <inheritdoc/>
    public void RaiseConfigurationChange() => Raise(InterruptConfiguration);

    /// <inheritdoc/>
    public void RequestReset()
    {
        lock (_gate)
        {
            _status |= StatusNeedsReset;
            if ((_status & StatusDriverOk) != 0)
                Raise(InterruptConfiguration);
        }
    }

    /// <inheritdoc/>
    public VirtioMmioState Save()
    {
        _device?.Quiesce();
        lock (_gate)
        {
            return new VirtioMmioState
            {
                Status = _status,
                InterruptStatus = _interruptStatus,
                DeviceFeaturesSelect = _deviceFeaturesSelect,
                DriverFeaturesSelect = _driverFeaturesSelect,
                DriverFeatures = _driverFeatures,
                QueueSelect = _queueSelect,
                ConfigurationGeneration = _generation,
                Queues = Array.ConvertAll(_queues, queue => queue.Save()),
            };
        }
    }

    /// <inheritdoc/>
    public void Restore(VirtioMmioState state)
    {
        lock (_gate)
        {
            _device?.Reset();
            _status = state.Status;
            _interruptStatus = state.InterruptStatus;
            _deviceFeaturesSelect = state.DeviceFeaturesSelect;
            _driverFeaturesSelect = state.DriverFeaturesSelect;
            _driverFeatures = state.DriverFeatures & _offered;
            _queueSelect = state.QueueSelect;
            _generation = state.ConfigurationGeneration;
            for (var i = 0; i < Math.Min(_queues.Length, state.Queues.Count); i++)
                _queues[i].Restore(state.Queues[i]);
            if ((_status & StatusDriverOk) != 0)
                Activate();
            _interrupt.Set(_interruptStatus != 0);
        }
    }

    private static bool IsAccepted(ulong offset, int size) =>
        size is 1 or 2 or 4 or 8 && offset < Length && (ulong)size <= Length - offset;

    private uint ReadRegister(uint offset)
    {
        switch (offset)
        {
            case Magic: return MagicValue;
            case VirtioMmioRegisters.Version: return ModernVersion;
            case DeviceId: return _device?.DeviceId ?? 0;
            case VendorId: return VendorValue;
        }

        if (_device is null)
            return 0;
        return offset switch
        {
            DeviceFeatures => _deviceFeaturesSelect < 2 ? (uint)(_offered >> (32 * (int)_deviceFeaturesSelect)) : 0,
            QueueSizeMaximum => Selected?.MaximumSize ?? 0u,
            QueueReady => Selected is { IsReady: true } ? 1u : 0u,
            InterruptStatus => _interruptStatus,
            Status => _status,
            // A shared memory region that does not exist has length and base of all ones (4.2.2).
            >= SharedMemoryLengthLow and <= SharedMemoryBaseHigh => uint.MaxValue,
            ConfigurationGeneration => _generation,
            _ => 0,
        };
    }

    private void WriteRegister(uint offset, uint value)
    {
        switch (offset)
        {
            case DeviceFeaturesSelect: _deviceFeaturesSelect = value; break;
            case DriverFeaturesSelect: _driverFeaturesSelect = value; break;
            case DriverFeatures: WriteDriverFeatures(value); break;
            case QueueSelect: _queueSelect = value; break;
            case QueueReady: WriteQueueReady(value); break;
            case QueueNotify: Notify(value); break;
            case InterruptAcknowledge:
                _interruptStatus &= ~value;
                _interrupt.Set(_interruptStatus != 0);
                break;
            case Status: WriteStatus(value); break;
            default: WriteQueueRegister(offset, value); break;
        }
    }

    private void WriteDriverFeatures(uint value)
    {
        if (_driverFeaturesSelect >= 2 || (_status & StatusFeaturesOk) != 0)
            return;
        var shift = 32 * (int)_driverFeaturesSelect;
        _driverFeatures = (_driverFeatures & ~(0xFFFF_FFFFul << shift)) | ((ulong)value << shift);
    }

    /// <summary>Where and how large a queue is can change only while it is not ready (4.2.2.2).</summary>
    private void WriteQueueRegister(uint offset, uint value)
    {
        if (Selected is not { IsReady: false } queue)
            return;
        switch (offset)
        {
            case QueueSize: queue.Size = value <= queue.MaximumSize ? (ushort)value : (ushort)0; break;
            case QueueDescriptorLow: queue.DescriptorTable = WithLow(queue.DescriptorTable, value); break;
            case QueueDescriptorHigh: queue.DescriptorTable = WithHigh(queue.DescriptorTable, value); break;
            case QueueDriverLow: queue.AvailableRing = WithLow(queue.AvailableRing, value); break;
            case QueueDriverHigh: queue.AvailableRing = WithHigh(queue.AvailableRing, value); break;
            case QueueDeviceLow: queue.UsedRing = WithLow(queue.UsedRing, value); break;
            case QueueDeviceHigh: queue.UsedRing = WithHigh(queue.UsedRing, value); break;
        }
    }

    private void WriteQueueReady(uint value)
    {
        if (Selected is { } queue)
            queue.IsReady = (value & 1) != 0 && queue.IsValid;
    }

    private void WriteStatus(uint value)
    {
        value &= 0xFF;
        if (value == 0)
        {
            Reset();
            return;
        }

        var raised = value & ~_status;
        if ((raised & StatusFeaturesOk) != 0
            && ((_driverFeatures & ~_offered) != 0 || (_driverFeatures & VirtioFeatures.Version1) == 0))
            value &= ~StatusFeaturesOk;
        _status = value | (_status & StatusNeedsReset);
        if ((raised & StatusDriverOk) != 0 && (_status & StatusFeaturesOk) != 0)
            Activate();
    }

    private void Activate()
    {
        foreach (var queue in _queues)
            queue.Activate(_driverFeatures);
        _device?.Activate(_driverFeatures, _queues, this);
    }

    private void Reset()
    {
        _device?.Reset();
        foreach (var queue in _queues)
            queue.Reset();
        _status = 0;
        _interruptStatus = 0;
        _deviceFeaturesSelect = 0;
        _driverFeaturesSelect = 0;
        _driverFeatures = 0;
        _queueSelect = 0;
        _interrupt.Set(false);
    }

    private void Notify(uint queue)
    {
        if (!IsLive || queue >= (uint)_queues.Length || !_queues[queue].IsReady)
            return;
        _device?.Notify((int)queue);
        if (_queues[queue].IsBroken)
            RequestReset();
    }

    private void Raise(uint cause)
    {
        lock (_gate)
        {
            if (cause == InterruptConfiguration)
                _generation++;
            _interruptStatus |= cause;
            _interrupt.Set(true);
        }
    }

    private bool IsLive =>
        (_status & (StatusDriverOk | StatusFeaturesOk | StatusNeedsReset)) == (StatusDriverOk | StatusFeaturesOk);

    private Virtqueue? Selected => _queueSelect < (uint)_queues.Length ? _queues[_queueSelect] : null;

    private static ulong WithLow(ulong value, uint low) => (value & 0xFFFF_FFFF_0000_0000) | low;

    private static ulong WithHigh(ulong value, uint high) => (value & 0xFFFF_FFFF) | ((ulong)high << 32);

    private void LogMisuse(string what, ulong offset, int size)
    {
        if (_log is not null && _log.IsEnabled(LogCategories.Guest))
            _log.Write(LogCategories.Guest, $"virtio-mmio: {what} of {size} bytes at 0x{offset:x} is not a register access");
    }
}
