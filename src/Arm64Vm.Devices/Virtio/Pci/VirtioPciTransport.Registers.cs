using System.Buffers.Binary;
using Arm64Vm.Cpu;
using static Arm64Vm.Devices.Virtio.Pci.VirtioPciRegisters;

namespace Arm64Vm.Devices.Virtio.Pci;

/// <summary>The registers behind the base address: common configuration, ISR status, the device's own, notifications.</summary>
internal sealed partial class VirtioPciTransport
{
    /// <summary>Called under the lock.</summary>
    private bool ReadRegisters(ulong offset, int size, out ulong value)
    {
        value = 0;
        if (size is not (1 or 2 or 4 or 8) || offset + (uint)size > BarSize)
            return false;
        var inside = (uint)offset % RegionSize;
        Span<byte> bytes = stackalloc byte[8];
        bytes.Clear();
        switch ((uint)offset - inside)
        {
            case CommonRegion:
                Span<byte> all = stackalloc byte[CommonSize];
                WriteCommon(all);
                if (inside < CommonSize)
                    all.Slice((int)inside, Math.Min(size, CommonSize - (int)inside)).CopyTo(bytes);
                break;
            case StatusRegion:
                if (inside == 0)
                {
                    bytes[0] = _interruptStatus;
                    _interruptStatus = 0;
                    DriveInterrupt(false);
                }

                break;
            case DeviceRegion:
                _core.Device.ReadConfiguration(inside, bytes[..size]);
                break;
        }

        value = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        return true;
    }

    /// <summary>Called under the lock.</summary>
    private bool WriteRegisters(ulong offset, int size, ulong value)
    {
        if (size is not (1 or 2 or 4 or 8) || offset + (uint)size > BarSize)
            return false;
        var inside = (uint)offset % RegionSize;
        switch ((uint)offset - inside)
        {
            case CommonRegion:
                if (size == 8)
                {
                    // 64-bit fields are two of 32 bits (4.1.3.1).
                    WriteCommon(inside, 4, (uint)value);
                    WriteCommon(inside + 4, 4, (uint)(value >> 32));
                }
                else
                {
                    WriteCommon(inside, size, (uint)value);
                }

                break;
            case DeviceRegion:
                Span<byte> bytes = stackalloc byte[8];
                BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
                _core.Device.WriteConfiguration(inside, bytes[..size]);
                break;
            case NotifyRegion:
                _core.Notify(inside / NotifyMultiplier);
                break;
        }

        return true;
    }

    private void WriteCommon(Span<byte> all)
    {
        all.Clear();
        var queue = _core.Queue(_queueSelect);
        Put32(all, DeviceFeatureSelect, _deviceFeatureSelect);
        Put32(all, DeviceFeature, _core.OfferedFeatures(_deviceFeatureSelect));
        Put32(all, DriverFeatureSelect, _driverFeatureSelect);
        Put32(all, DriverFeature, _core.AcceptedFeatures(_driverFeatureSelect));
        Put16(all, ConfigurationVector, _configurationVector);
        Put16(all, QueueCount, (ushort)_core.QueueCount);
        all[(int)DeviceStatus] = (byte)_core.Status;
        all[(int)ConfigurationGeneration] = (byte)_core.Generation;
        Put16(all, QueueSelect, _queueSelect);

        // A queue that does not exist has size 0 (4.1.4.3).
        Put16(all, QueueVector, queue is null ? NoVector : _queueVectors[_queueSelect]);
        if (queue is null)
            return;
        Put16(all, QueueSize, queue.Size);
        Put16(all, QueueEnable, queue.IsReady ? (ushort)1 : (ushort)0);
        Put16(all, QueueNotifyOffset, _queueSelect);
        Put64(all, QueueDescriptor, queue.DescriptorTable);
        Put64(all, QueueDriver, queue.AvailableRing);
        Put64(all, QueueDevice, queue.UsedRing);
    }

    private void WriteCommon(uint offset, int size, uint value)
    {
        switch (offset, size)
        {
            case (DeviceFeatureSelect, 4): _deviceFeatureSelect = value; break;
            case (DriverFeatureSelect, 4): _driverFeatureSelect = value; break;
            case (DriverFeature, 4): _core.AcceptFeatures(_driverFeatureSelect, value); break;
            case (ConfigurationVector, 2): _configurationVector = CheckVector(value); break;
            case (DeviceStatus, 1): WriteStatus(value); break;
            case (QueueSelect, 2): _queueSelect = (ushort)value; break;
            case (QueueVector, 2):
                if (_queueSelect < _queueVectors.Length)
                    _queueVectors[_queueSelect] = CheckVector(value);
                break;
            default:
                if (_core.Queue(_queueSelect) is not { } queue || !TryWriteQueue(queue, offset, size, value))
                    LogMisuse("write", offset, size);
                break;
        }
    }

    /// <summary>A queue that is enabled stays as it is until the device is reset (4.1.4.3.2).</summary>
    private static bool TryWriteQueue(Virtqueue queue, uint offset, int size, uint value)
    {
        if (queue.IsReady)
            return false;
        switch (offset, size)
        {
            case (QueueSize, 2): queue.Size = value <= queue.MaximumSize ? (ushort)value : (ushort)0; break;
            case (QueueEnable, 2): VirtioCore.SetReady(queue, value == 1); break;
            case (QueueDescriptor, 4): queue.DescriptorTable = WithLow(queue.DescriptorTable, value); break;
            case (QueueDescriptor + 4, 4): queue.DescriptorTable = WithHigh(queue.DescriptorTable, value); break;
            case (QueueDriver, 4): queue.AvailableRing = WithLow(queue.AvailableRing, value); break;
            case (QueueDriver + 4, 4): queue.AvailableRing = WithHigh(queue.AvailableRing, value); break;
            case (QueueDevice, 4): queue.UsedRing = WithLow(queue.UsedRing, value); break;
            case (QueueDevice + 4, 4): queue.UsedRing = WithHigh(queue.UsedRing, value); break;
            default: return false;
        }

        return true;
    }

    private void WriteStatus(uint value)
    {
        if (value != 0)
        {
            _core.SetStatus(value);
            return;
        }

        _core.Reset();
        (_interruptStatus, _deviceFeatureSelect, _driverFeatureSelect, _queueSelect) = (0, 0, 0, 0);
        _configurationVector = NoVector;
        Array.Fill(_queueVectors, NoVector);
        DriveInterrupt(false);
    }

    /// <summary>A vector that does not exist reads back as none (4.1.5.1.2).</summary>
    private ushort CheckVector(uint value) => value < (uint)_vectors.Count ? (ushort)value : NoVector;

    private static void Put16(Span<byte> all, uint offset, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(all[(int)offset..], value);

    private static void Put32(Span<byte> all, uint offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(all[(int)offset..], value);

    private static void Put64(Span<byte> all, uint offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(all[(int)offset..], value);

    private static ulong WithLow(ulong value, uint low) => (value & 0xFFFF_FFFF_0000_0000) | low;

    private static ulong WithHigh(ulong value, uint high) => (value & 0xFFFF_FFFF) | ((ulong)high << 32);

    private sealed class Registers(VirtioPciTransport transport) : IMmioDevice
    {
        public bool TryRead(ulong offset, int size, out ulong value)
        {
            lock (transport.Gate)
                return transport.ReadRegisters(offset, size, out value);
        }

        public bool TryWrite(ulong offset, int size, ulong value)
        {
            lock (transport.Gate)
                return transport.WriteRegisters(offset, size, value);
        }
    }
}
