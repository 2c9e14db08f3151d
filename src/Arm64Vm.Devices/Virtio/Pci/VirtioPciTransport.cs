using System.Buffers.Binary;
using Arm64Vm.Cpu;
using Arm64Vm.Devices.Pci;
using static Arm64Vm.Devices.Virtio.Pci.VirtioPciRegisters;

namespace Arm64Vm.Devices.Virtio.Pci;

/// <summary>The PCI transport, modern only (virtio 1.2, 4.1): an endpoint with MSI-X.</summary>
internal sealed partial class VirtioPciTransport : PciFunction, IVirtioTransport, IStateful<VirtioPciState>, IDisposable
{
    private const byte InterruptQueue = 1;
    private const byte InterruptConfiguration = 2;

    private readonly VirtioCore _core;
    private readonly MsiXTable _vectors;
    private readonly ILogSink? _log;
    private readonly int _msiX;
    private readonly int _access;
    private readonly ushort[] _queueVectors;
    private ushort _configurationVector = NoVector;
    private byte _interruptStatus;
    private uint _deviceFeatureSelect;
    private uint _driverFeatureSelect;
    private ushort _queueSelect;

    /// <param name="memory">Where rings and buffers are.</param>
    /// <param name="device">The device.</param>
    /// <param name="log">Gets misuse by the driver.</param>
    /// <param name="isInSlot">It is behind a port instead of on the host's own bus.</param>
    public VirtioPciTransport(IGuestMemory memory, IVirtioDevice device, ILogSink? log = null, bool isInSlot = false)
        : this(new Lock(), memory, device, log, isInSlot)
    {
    }

    private VirtioPciTransport(Lock gate, IGuestMemory memory, IVirtioDevice device, ILogSink? log, bool isInSlot)
        : base(gate, Vendor, (ushort)(FirstDevice + device.DeviceId), ClassOf(device.DeviceId), revision: 1, Vendor, Subsystem)
    {
        _log = log;
        _core = new VirtioCore(device, memory, this, gate);
        _queueVectors = new ushort[_core.QueueCount];
        Array.Fill(_queueVectors, NoVector);
        _vectors = new MsiXTable(gate, _core.QueueCount + 1, SendMessage);
        AddBar(new PciBar(MsiXBar, MsiXTable.Length, Is64: false, _vectors));
        AddBar(new PciBar(RegisterBar, BarSize, Is64: true, new Registers(this)));
        _msiX = AddMsiX(_vectors.Count);
        AddRegion(CommonType, CommonRegion);
        AddRegion(StatusType, StatusRegion);
        AddRegion(DeviceType, DeviceRegion);
        AddRegion(NotifyType, NotifyRegion, NotifyMultiplier);
        _access = AddAccess();
        AddExpress(isInSlot);
    }

    /// <inheritdoc/>
    void IVirtioTransport.SignalQueue(int queue) => Signal(_queueVectors[queue], InterruptQueue);

    /// <inheritdoc/>
    void IVirtioTransport.SignalConfiguration() => Signal(_configurationVector, InterruptConfiguration);

    /// <inheritdoc/>
    public VirtioPciState Save()
    {
        _core.Device.Quiesce();
        lock (Gate)
        {
            var (table, pending) = _vectors.Save();
            return new VirtioPciState
            {
                Core = _core.Save(),
                Configuration = SaveConfiguration(),
                VectorTable = table,
                PendingVectors = pending,
                InterruptStatus = _interruptStatus,
                DeviceFeatureSelect = _deviceFeatureSelect,
                DriverFeatureSelect = _driverFeatureSelect,
                QueueSelect = _queueSelect,
                ConfigurationVector = _configurationVector,
                QueueVectors = [.. _queueVectors],
            };
        }
    }

    /// <inheritdoc/>
    public void Restore(VirtioPciState state)
    {
        lock (Gate)
        {
            RestoreConfiguration(state.Configuration);
            _vectors.Restore(state.VectorTable, state.PendingVectors);
            _interruptStatus = state.InterruptStatus;
            _deviceFeatureSelect = state.DeviceFeatureSelect;
            _driverFeatureSelect = state.DriverFeatureSelect;
            _queueSelect = state.QueueSelect;
            _configurationVector = state.ConfigurationVector;
            state.QueueVectors.AsSpan(0, Math.Min(state.QueueVectors.Length, _queueVectors.Length)).CopyTo(_queueVectors);
            _core.Restore(state.Core);
            ConfigurationWritten();
        }

        Host?.BarsChanged();
    }

    /// <inheritdoc cref="VirtioCore.Dispose"/>
    public void Dispose() => _core.Dispose();

    private void Signal(ushort vector, byte cause)
    {
        if (UsesMessages)
        {
            _vectors.Raise(vector);
            return;
        }

        _interruptStatus |= cause;
        DriveInterrupt(true);
    }

    private void SendMessage(ulong address, uint data)
    {
        // A message is a write of the function's own.
        if ((CommandBits & PciRegisters.CommandBusMaster) != 0)
            Host?.SendMessage(this, address, data);
    }

    private void LogMisuse(string what, ulong offset, int size)
    {
        if (_log is not null && _log.IsEnabled(LogCategories.Guest))
            _log.Write(LogCategories.Guest, $"virtio-pci: {what} of {size} bytes at 0x{offset:x} is not a register access");
    }

    /// <summary>Class codes that drivers of classes know; others have none.</summary>
    private static uint ClassOf(uint device) => device switch
    {
        1 => 0x02_0000,
        2 => 0x01_0000,
        3 => 0x07_8000,
        9 => 0x00_0200,
        _ => 0x00_FF00,
    };
}
