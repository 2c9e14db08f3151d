using System.Globalization;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Board;

/// <summary>Where a virtio device is.</summary>
/// <param name="Bus">How it is reached.</param>
/// <param name="Index">The transport, or the PCI device on bus 0.</param>
internal readonly record struct VirtioPlace(VirtioBus Bus, int Index)
{
    /// <summary>Open Firmware's name for it, as firmware is told of it.</summary>
    /// <param name="pciName">What a PCI device of its class is called.</param>
    /// <param name="unit">The part of it that is booted from.</param>
    public string FirmwarePath(string pciName, string unit) => Bus == VirtioBus.Pci
        ? string.Create(CultureInfo.InvariantCulture, $"/pci@i0cf8/{pciName}@{Index:x}/{unit}")
        : string.Create(CultureInfo.InvariantCulture, $"/virtio-mmio@{MemoryMap.VirtioMmio(Index).Base:x16}/{unit}");

    /// <summary>Request queues of a disk: on PCI one for each processor, which has its interrupts too; on mmio all would share one interrupt.</summary>
    public int DiskQueues(int cpus) => Bus == VirtioBus.Pci ? cpus : 1;
}

/// <summary>Gives every virtio device of a machine its place: disks first, so that the first of them is the guest's first, then the others.</summary>
internal sealed class VirtioPlaces
{
    /// <summary>PCI device 0 is the host bridge.</summary>
    private const int FirstPciDevice = 1;

    private const int PciDeviceCount = 32;

    private readonly List<VirtioBus> _taken = [];

    private VirtioPlaces(MachineConfig config)
    {
        var bus = config.EffectiveBus;
        Disks = TakeAll(config.Disks.Select(disk => disk.Bus ?? bus));
        Entropy = Take(config.HasEntropyDevice, bus);
        Console = Take(config.HasVirtioConsole, bus);
        Balloon = Take(config.HasBalloon, bus);
        Networks = TakeAll(config.Networks.Select(network => network.Bus ?? bus));
        Shares = TakeAll(config.Shares.Select(_ => bus));
        Vsock = Take(config.Vsock is not null, bus);
        SerialPorts = Take(config.VirtioPorts.Count > 0, bus);
        Keyboard = Take(config.HasInput, bus);
        Tablet = Take(config.HasInput, bus);
        PanicDevice = Take(config.HasPanicDevice, VirtioBus.Pci);
        Slots = TakeAll(Enumerable.Repeat(VirtioBus.Pci, Math.Clamp(config.HotplugSlots, 0, PciDeviceCount)));
    }

    public VirtioPlace[] Disks { get; private set; }

    public VirtioPlace? Entropy { get; private set; }

    public VirtioPlace? Console { get; private set; }

    public VirtioPlace? Balloon { get; private set; }

    public VirtioPlace[] Networks { get; private set; }

    public VirtioPlace[] Shares { get; private set; }

    public VirtioPlace? Vsock { get; private set; }

    /// <summary>Of the device that has all named byte streams.</summary>
    public VirtioPlace? SerialPorts { get; private set; }

    public VirtioPlace? Keyboard { get; private set; }

    public VirtioPlace? Tablet { get; private set; }

    public VirtioPlace? PanicDevice { get; private set; }

    /// <summary>The ports of slots for hot-plugging.</summary>
    public VirtioPlace[] Slots { get; private set; }

    /// <summary>On mmio devices take the last transports, in ascending order, in which guests look for them; on PCI the first places.</summary>
    /// <exception cref="MachineConfigurationException">There are more devices than places.</exception>
    public static VirtioPlaces Assign(MachineConfig config)
    {
        var places = new VirtioPlaces(config);
        var (onMmio, onPci) = (places.Count(VirtioBus.Mmio), places.Count(VirtioBus.Pci));
        const int MostOnPci = PciDeviceCount - FirstPciDevice;
        if (onMmio > MemoryMap.VirtioMmioCount || onPci > MostOnPci)
            throw new MachineConfigurationException($"The board has no place for {onMmio} virtio devices on mmio and {onPci} on PCI; it has {MemoryMap.VirtioMmioCount} and {MostOnPci}.");

        // Only now is it known how many transports are the last ones.
        places.Disks = Array.ConvertAll(places.Disks, Settle);
        places.Networks = Array.ConvertAll(places.Networks, Settle);
        places.Shares = Array.ConvertAll(places.Shares, Settle);
        places.Vsock = places.Vsock is { } vsock ? Settle(vsock) : null;
        places.SerialPorts = places.SerialPorts is { } ports ? Settle(ports) : null;
        places.Keyboard = places.Keyboard is { } keyboard ? Settle(keyboard) : null;
        places.Tablet = places.Tablet is { } tablet ? Settle(tablet) : null;
        places.PanicDevice = places.PanicDevice is { } panic ? Settle(panic) : null;
        places.Slots = Array.ConvertAll(places.Slots, Settle);
        places.Entropy = places.Entropy is { } entropy ? Settle(entropy) : null;
        places.Console = places.Console is { } console ? Settle(console) : null;
        places.Balloon = places.Balloon is { } balloon ? Settle(balloon) : null;
        return places;

        VirtioPlace Settle(VirtioPlace place) =>
            place with { Index = place.Index + (place.Bus == VirtioBus.Mmio ? MemoryMap.VirtioMmioCount - onMmio : FirstPciDevice) };
    }

    private int Count(VirtioBus bus) => _taken.Count(taken => taken == bus);

    private VirtioPlace? Take(bool exists, VirtioBus bus) => exists ? Take(bus) : null;

    private VirtioPlace[] TakeAll(IEnumerable<VirtioBus> buses) => [.. buses.Select(Take)];

    private VirtioPlace Take(VirtioBus bus)
    {
        var place = new VirtioPlace(bus, Count(bus));
        _taken.Add(bus);
        return place;
    }
}
