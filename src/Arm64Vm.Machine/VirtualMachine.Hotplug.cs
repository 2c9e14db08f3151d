using Arm64Vm.Devices.Net;
using Arm64Vm.Machine.Board;

namespace Arm64Vm.Machine;

/// <summary>Devices that come and go while the guest runs, in the slots that <see cref="MachineConfig.HotplugSlots"/> gives it.</summary>
public sealed partial class VirtualMachine
{
    /// <summary>A guest has let go of a device after <see cref="Unplug"/>, and nothing of it is left: its name. Raised on a thread of the pool.</summary>
    public event Action<string>? DeviceRemoved;

    /// <summary>Names of the devices in slots.</summary>
    public IReadOnlyList<string> PluggedDevices
    {
        get
        {
            lock (_gate)
                return [.. _parts.Slots.Devices.Select(device => device.Id)];
        }
    }

    /// <summary>Plugs a disk into a free slot; it stays there when the machine is reset.</summary>
    /// <param name="id">A name of its own, by which it is unplugged.</param>
    /// <param name="disk">What it is; on PCIe in any case.</param>
    /// <exception cref="InvalidOperationException">There is no free slot, the name is taken, or the machine has ended.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be opened.</exception>
    public void PlugDisk(string id, DiskConfig disk) => Plug(id, slot => HotplugSlots.OpenDisk(id, slot, disk, Config.Cpus));

    /// <summary>Plugs a network device into a free slot; it stays there when the machine is reset.</summary>
    /// <param name="id">A name of its own, by which it is unplugged.</param>
    /// <param name="network">What it is; on PCIe in any case.</param>
    /// <exception cref="InvalidOperationException">There is no free slot, the name is taken, or the machine has ended.</exception>
    /// <exception cref="NetworkException">The host does not have it.</exception>
    /// <exception cref="MachineConfigurationException">It is impossible.</exception>
    public void PlugNetwork(string id, NetworkConfig network) => Plug(id, slot => _parts.Slots.OpenNetwork(id, slot, network, Config.Networks.Count));

    /// <summary>Asks the guest to let go of a device, which it may never do; <see cref="DeviceRemoved"/> says that it has. A reset takes the device out.</summary>
    /// <exception cref="InvalidOperationException">There is no such device, or the machine has ended.</exception>
    public void Unplug(string id)
    {
        lock (_gate)
        {
            ThrowIfEnded();
            var device = _parts.Slots.Find(id) ?? throw new InvalidOperationException($"There is no device '{id}' in a slot.");
            device.IsLeaving = true;
            _board?.Slots.RequestUnplug(device);
        }
    }

    private void Plug(string id, Func<int, HotplugDevice> open)
    {
        lock (_gate)
        {
            ThrowIfEnded();
            if (_parts.Slots.Find(id) is not null)
                throw new InvalidOperationException($"There is a device '{id}' already.");
            if (_parts.Slots.FindFree(Config.HotplugSlots) is not { } slot)
                throw new InvalidOperationException(Config.HotplugSlots == 0 ? "The machine has no slots for devices (--hotplug)." : "All slots are taken.");
            var device = open(slot);
            _parts.Slots.Add(device);

            // Between two boards there is none; the next takes the device in.
            _board?.Slots.Plug(device, atPowerOn: _state == RunState.Created);
        }
    }

    private void ThrowIfEnded()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_state == RunState.Ended)
            throw new InvalidOperationException("The machine has ended.");
    }

    private void Removed(HotplugDevice device)
    {
        lock (_gate)
        {
            _parts.Slots.Remove(device);
            if (!_disposed)
                device.Dispose();
        }

        DeviceRemoved?.Invoke(device.Id);
    }

    /// <summary>At a reset, without a board: what was to leave has left.</summary>
    private List<HotplugDevice> TakeLeaving()
    {
        List<HotplugDevice> leaving = [.. _parts.Slots.Devices.Where(device => device.IsLeaving)];
        foreach (var device in leaving)
        {
            _parts.Slots.Remove(device);
            device.Dispose();
        }

        return leaving;
    }
}
