using Arm64Vm.Cpu;
using static Arm64Vm.Devices.Virtio.VirtioMmioRegisters;

namespace Arm64Vm.Devices.Virtio;

/// <summary>The MMIO transport, version 2 (virtio 1.2, 4.2). Without a device its id reads 0 and nothing else answers.</summary>
internal sealed class VirtioMmioTransport : IMmioDevice, IVirtioTransport, IStateful<VirtioMmioState>, IDisposable
{
    /// <summary>Bytes of the register window.</summary>
    public const ulong Length = 0x200;

    private readonly IInterruptLine _interrupt;
    private readonly VirtioCore? _core;
    private readonly ILogSink? _log;
    private uint _interruptStatus;
    private uint _deviceFeaturesSelect;
    private uint _driverFeaturesSelect;
    private uint _queueSelect;

    /// <param name="interrupt">Asserted while the interrupt status is not 0.</param>
    /// <param name="memory">Where rings and buffers are.</param>
    /// <param name="device">Null: an empty transport.</param>
    /// <param name="log">Gets misuse by the driver.</param>
    public VirtioMmioTransport(IInterruptLine interrupt, IGuestMemory memory, IVirtioDevice? device = null, ILogSink? log = null)
    {
        _interrupt = interrupt;
        _log = log;
        _core = device is null ? null : new VirtioCore(device, memory, this);
    }

    /// <inheritdoc/>
    public bool TryRead(ulong offset, int size, out ulong value)
    {
        value = 0;
        if (!IsAccepted(offset, size))
            return false;
        if (_core is not { } core)
        {
            if (size == 4 && offset < Configuration)
                value = ReadEmpty((uint)offset);
            return true;
        }

        lock (core.Gate)
        {
            if (offset >= Configuration)
            {
                Span<byte> bytes = stackalloc byte[8];
                bytes.Clear();
                core.Device.ReadConfiguration((uint)(offset - Configuration), bytes[..size]);
                value = BitConverter.ToUInt64(bytes);
            }
            else if (size == 4 && (offset & 3) == 0)
            {
                value = ReadRegister(core, (uint)offset);
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
        if (_core is not { } core)
            return true;
        lock (core.Gate)
        {
            if (offset >= Configuration)
            {
                Span<byte> bytes = stackalloc byte[8];
                BitConverter.TryWriteBytes(bytes, value);
                core.Device.WriteConfiguration((uint)(offset - Configuration), bytes[..size]);
            }
            else if (size == 4 && (offset & 3) == 0)
            {
                WriteRegister(core, (uint)offset, (uint)value);
            }
            else
            {
                LogMisuse("write", offset, size);
            }

            return true;
        }
    }

    /// <inheritdoc/>
    void IVirtioTransport.SignalQueue(int queue) => Raise(InterruptUsedBuffer);

    /// <inheritdoc/>
    void IVirtioTransport.SignalConfiguration() => Raise(InterruptConfiguration);

    /// <inheritdoc/>
    public VirtioMmioState Save()
    {
        if (_core is null)
            return MakeState(null);
        _core.Device.Quiesce();
        lock (_core.Gate)
            return MakeState(_core.Save());
    }

    /// <inheritdoc/>
    public void Restore(VirtioMmioState state)
    {
        if (_core is null || state.Core is null)
            return;
        lock (_core.Gate)
        {
            _interruptStatus = state.InterruptStatus;
            _deviceFeaturesSelect = state.DeviceFeaturesSelect;
            _driverFeaturesSelect = state.DriverFeaturesSelect;
            _queueSelect = state.QueueSelect;
            _core.Restore(state.Core);
            _interrupt.Set(_interruptStatus != 0);
        }
    }

    /// <inheritdoc cref="VirtioCore.Dispose"/>
    public void Dispose() => _core?.Dispose();

    private static bool IsAccepted(ulong offset, int size) =>
        size is 1 or 2 or 4 or 8 && offset < Length && (ulong)size <= Length - offset;

    private static uint ReadEmpty(uint offset) => offset switch
    {
        Magic => MagicValue,
        VirtioMmioRegisters.Version => ModernVersion,
        VendorId => VendorValue,
        _ => 0,
    };

    private uint ReadRegister(VirtioCore core, uint offset) => offset switch
    {
        DeviceId => core.Device.DeviceId,
        DeviceFeatures => core.OfferedFeatures(_deviceFeaturesSelect),
        QueueSizeMaximum => core.Queue(_queueSelect)?.MaximumSize ?? 0u,
        QueueReady => core.Queue(_queueSelect) is { IsReady: true } ? 1u : 0u,
        InterruptStatus => _interruptStatus,
        Status => core.Status,

        // A shared memory region that does not exist has length and base of all ones (4.2.2).
        >= SharedMemoryLengthLow and <= SharedMemoryBaseHigh => uint.MaxValue,
        ConfigurationGeneration => core.Generation,
        _ => ReadEmpty(offset),
    };

    private void WriteRegister(VirtioCore core, uint offset, uint value)
    {
        switch (offset)
        {
            case DeviceFeaturesSelect: _deviceFeaturesSelect = value; break;
            case DriverFeaturesSelect: _driverFeaturesSelect = value; break;
            case DriverFeatures: core.AcceptFeatures(_driverFeaturesSelect, value); break;
            case QueueSelect: _queueSelect = value; break;
            case QueueNotify: core.Notify(value); break;
            case InterruptAcknowledge:
                _interruptStatus &= ~value;
                _interrupt.Set(_interruptStatus != 0);
                break;
            case Status: WriteStatus(core, value & 0xFF); break;
            default:
                if (core.Queue(_queueSelect) is { } queue)
                    WriteQueueRegister(queue, offset, value);
                break;
        }
    }

    /// <summary>Where and how large a queue is can change only while it is not ready (4.2.2.2).</summary>
    private static void WriteQueueRegister(Virtqueue queue, uint offset, uint value)
    {
        if (offset == QueueReady)
            VirtioCore.SetReady(queue, (value & 1) != 0);
        else if (!queue.IsReady)
        {
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
    }

    private void WriteStatus(VirtioCore core, uint value)
    {
        if (value != 0)
        {
            core.SetStatus(value);
            return;
        }

        core.Reset();
        (_interruptStatus, _deviceFeaturesSelect, _driverFeaturesSelect, _queueSelect) = (0, 0, 0, 0);
        _interrupt.Set(false);
    }

    private void Raise(uint cause)
    {
        _interruptStatus |= cause;
        _interrupt.Set(true);
    }

    private VirtioMmioState MakeState(VirtioCoreState? core) => new()
    {
        InterruptStatus = _interruptStatus,
        DeviceFeaturesSelect = _deviceFeaturesSelect,
        DriverFeaturesSelect = _driverFeaturesSelect,
        QueueSelect = _queueSelect,
        Core = core,
    };

    private static ulong WithLow(ulong value, uint low) => (value & 0xFFFF_FFFF_0000_0000) | low;

    private static ulong WithHigh(ulong value, uint high) => (value & 0xFFFF_FFFF) | ((ulong)high << 32);

    private void LogMisuse(string what, ulong offset, int size)
    {
        if (_log is not null && _log.IsEnabled(LogCategories.Guest))
            _log.Write(LogCategories.Guest, $"virtio-mmio: {what} of {size} bytes at 0x{offset:x} is not a register access");
    }
}
