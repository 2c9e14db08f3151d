using Arm64Vm.Devices.Images;
using Arm64Vm.Devices.Net;
using Arm64Vm.Devices.Virtio;
using Arm64Vm.Devices.Virtio.Block;

namespace Arm64Vm.Machine.Board;

/// <summary>A device in a slot: what is behind it stays when the machine is reset, the device itself is made anew with each board.</summary>
/// <param name="Id">Its name for who plugs and unplugs.</param>
/// <param name="Slot">Which slot, from 0.</param>
/// <param name="Make">Makes the device of a board.</param>
/// <param name="Held">What is behind it.</param>
internal sealed record HotplugDevice(string Id, int Slot, Func<bool, IVirtioDevice> Make, IReadOnlyList<IDisposable> Held) : IDisposable
{
    /// <summary>The guest has been asked to let go of it.</summary>
    public bool IsLeaving { get; set; }

    public void Dispose()
    {
        for (var i = Held.Count - 1; i >= 0; i--)
            Held[i].Dispose();
    }
}

/// <summary>The devices in a machine's slots. The machine's lock guards it.</summary>
internal sealed class HotplugSlots : IDisposable
{
    private readonly List<HotplugDevice> _devices = [];
    private int _networks;

    public IReadOnlyList<HotplugDevice> Devices => _devices;

    /// <summary>The first slot without a device; null: there is none.</summary>
    public int? FindFree(int count)
    {
        for (var slot = 0; slot < count; slot++)
        {
            if (_devices.All(device => device.Slot != slot))
                return slot;
        }

        return null;
    }

    public HotplugDevice? Find(string id) => _devices.FirstOrDefault(device => device.Id == id);

    public void Add(HotplugDevice device) => _devices.Add(device);

    public void Remove(HotplugDevice device) => _devices.Remove(device);

    /// <summary>Opens a disk for a slot.</summary>
    /// <param name="id">Its name.</param>
    /// <param name="slot">Which slot, from 0.</param>
    /// <param name="disk">The disk.</param>
    /// <param name="queues">Its request queues.</param>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be opened.</exception>
    public static HotplugDevice OpenDisk(string id, int slot, DiskConfig disk, int queues)
    {
        var image = DiskImage.Open(disk.Path, readOnly: disk.Mode != DiskMode.ReadWrite, disk.Format);
        try
        {
            List<IDisposable> held = [image];
            var backend = image.Disk;
            if (disk.Mode == DiskMode.Snapshot)
            {
                var overlay = new OverlayBlockBackend(image.Disk);
                held.Add(overlay);
                backend = overlay;
            }

            return new HotplugDevice(id, slot, hasThread => new VirtioBlock(backend, id, hasThread, queues), held);
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    /// <summary>Opens a network for a slot.</summary>
    /// <exception cref="NetworkException">The host does not have it.</exception>
    /// <exception cref="MachineConfigurationException">It is impossible.</exception>
    public HotplugDevice OpenNetwork(string id, int slot, NetworkConfig network, int others)
    {
        var opened = BoardNetwork.Open(network, others + _networks);
        if (network.MacAddress is null)
            _networks++;
        return new HotplugDevice(id, slot, _ => opened.MakeDevice(), [opened]);
    }

    public void Dispose()
    {
        foreach (var device in _devices)
            device.Dispose();
        _devices.Clear();
    }
}
