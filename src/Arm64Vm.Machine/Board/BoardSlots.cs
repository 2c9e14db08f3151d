using Arm64Vm.Cpu;
using Arm64Vm.Devices.Pci;
using Arm64Vm.Devices.Virtio;
using Arm64Vm.Devices.Virtio.Pci;

namespace Arm64Vm.Machine.Board;

/// <summary>The slots of one board: ports of the PCIe host, and the devices in them.</summary>
/// <param name="pcie">Where the ports are.</param>
/// <param name="memory">What devices reach.</param>
/// <param name="hasThreads">Devices do their work on threads.</param>
/// <param name="removed">Called, on a thread of its own, when a guest has let go of a device and nothing of it is left.</param>
/// <param name="log">Gets misuse by drivers.</param>
internal sealed class BoardSlots(PcieHost pcie, IGuestMemory memory, bool hasThreads, Action<HotplugDevice> removed, ILogSink? log) : IDisposable
{
    private readonly List<PcieRootPort> _ports = [];
    private readonly Dictionary<PciFunction, (HotplugDevice Device, IVirtioDevice Virtio)> _plugged = [];
    private readonly Lock _gate = new();
    private bool _isDisposed;

    /// <summary>Adds a port with an empty slot.</summary>
    public void AddPort(int pciDevice)
    {
        var port = new PcieRootPort(_ports.Count + 1) { Removed = Removed };
        pcie.Add(0, pciDevice, 0, port);
        _ports.Add(port);
    }

    /// <summary>Puts a device into its slot.</summary>
    /// <param name="device">It.</param>
    /// <param name="atPowerOn">Before the guest runs.</param>
    public void Plug(HotplugDevice device, bool atPowerOn)
    {
        var virtio = device.Make(hasThreads);
        var function = new VirtioPciTransport(memory, virtio, log, isInSlot: true);
        lock (_gate)
            _plugged.Add(function, (device, virtio));
        if (atPowerOn)
        {
            function.Host = pcie;
            _ports[device.Slot].PlugAtPowerOn(function);
        }
        else
        {
            pcie.Plug(_ports[device.Slot], function);
        }
    }

    /// <summary>Asks the guest to let go of a device.</summary>
    public void RequestUnplug(HotplugDevice device) => _ports[device.Slot].RequestUnplug();

    public void Dispose()
    {
        KeyValuePair<PciFunction, (HotplugDevice Device, IVirtioDevice Virtio)>[] left;
        lock (_gate)
        {
            _isDisposed = true;
            left = [.. _plugged];
            _plugged.Clear();
        }

        foreach (var (function, (_, virtio)) in left)
            Dispose(function, virtio);
    }

    /// <summary>On a processor, inside the access by which the guest let go: what may wait is done elsewhere.</summary>
    private void Removed(PciFunction function) => ThreadPool.QueueUserWorkItem(_ =>
    {
        (HotplugDevice Device, IVirtioDevice Virtio) gone;
        lock (_gate)
        {
            if (_isDisposed || !_plugged.Remove(function, out gone))
                return;
        }

        Dispose(function, gone.Virtio);
        removed(gone.Device);
    });

    private static void Dispose(PciFunction function, IVirtioDevice virtio)
    {
        ((VirtioPciTransport)function).Dispose();
        (virtio as IDisposable)?.Dispose();
    }
}
