using System.Security.Cryptography;
using System.Text;
using Arm64Vm.Devices.Net;

namespace Arm64Vm.Machine.Tests.Guests;

/// <summary>Disks and networks come and go under a stock Linux (its pciehp driver).</summary>
public sealed class LinuxHotplugTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("arm64vm");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(GicVersion.V3, VirtioBus.Mmio)]
    [InlineData(GicVersion.V2, VirtioBus.Pci)]
    public async Task DisksAndNetworksAreUsedAndLetGo(GicVersion gic, VirtioBus bus)
    {
        var data = RandomNumberGenerator.GetBytes(4 << 20);
        var image = Path.Combine(_folder.FullName, "data.img");
        File.WriteAllBytes(image, data);
        await using var machine = Create(
            """
            echo READY
            until [ -b /dev/vdb ]; do sleep 0.1; done
            sleep 0.2
            sha256sum < /dev/vdb
            dd if=/dev/zero of=/dev/vdb bs=4k count=1 seek=3 conv=notrunc,fsync 2>/dev/null; echo WROTE
            while [ -b /dev/vdb ]; do sleep 0.1; done
            echo DISK-GONE
            until [ -e /sys/class/net/eth0 ]; do sleep 0.1; done
            cat /sys/class/net/eth0/address
            while [ -e /sys/class/net/eth0 ]; do sleep 0.1; done
            echo NET-GONE
            """,
            gic,
            bus);
        var removed = new System.Collections.Concurrent.ConcurrentQueue<string>();
        machine.DeviceRemoved += removed.Enqueue;
        var run = machine.RunAsync(TestContext.Current.CancellationToken);
        await machine.WaitForConsoleAsync("READY", GuestFiles.Patience);
        machine.PlugDisk("data", new DiskConfig(image));
        Assert.Throws<InvalidOperationException>(() => machine.PlugDisk("data", new DiskConfig(image)));
        await machine.WaitForConsoleAsync("WROTE", GuestFiles.Patience);
        machine.Unplug("data");
        await machine.WaitForConsoleAsync("DISK-GONE", GuestFiles.Patience);
        machine.PlugNetwork("lan", new SwitchNetworkConfig(new NetworkSwitch()));
        await machine.WaitForConsoleAsync("52:54:00:12:34:56", GuestFiles.Patience);
        machine.Unplug("lan");
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(GuestFiles.Patience)).End);
        Assert.Contains(Convert.ToHexStringLower(SHA256.HashData(data)), machine.Console.Text, StringComparison.Ordinal);
        Assert.Contains("NET-GONE", machine.Console.Text, StringComparison.Ordinal);
        Assert.True(SpinWait.SpinUntil(() => removed.Count == 2, GuestFiles.Patience));
        Assert.Equal(["data", "lan"], removed);
        Assert.Empty(machine.PluggedDevices);

        // It is free again, and has what the guest wrote.
        data.AsSpan(3 * 4096, 4096).Clear();
        Assert.Equal(data, File.ReadAllBytes(image));
        File.Delete(image);
    }

    [Fact]
    public async Task ADeviceStaysInItsSlotOverAReset()
    {
        var image = Path.Combine(_folder.FullName, "data.img");
        File.WriteAllBytes(image, new byte[1 << 20]);
        await using var machine = Create("[ -b /dev/vdb ] && echo THERE || echo ABSENT; echo READY; read line < /dev/ttyAMA0; [ $line = off ] || reboot -f", GicVersion.V3, VirtioBus.Pci, noReboot: false);
        var run = machine.RunAsync(TestContext.Current.CancellationToken);
        await machine.WaitForConsoleAsync("READY", GuestFiles.Patience);
        Assert.Contains("ABSENT", machine.Console.Text, StringComparison.Ordinal);
        machine.PlugDisk("data", new DiskConfig(image, DiskMode.Snapshot));
        machine.Console.Type("again\r");
        await machine.WaitForConsoleAsync("THERE", GuestFiles.Patience);
        machine.Console.Type("off\r");
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(GuestFiles.Patience)).End);
        Assert.Equal(["data"], machine.PluggedDevices);
    }

    [Fact]
    public async Task WithoutSlotsNothingIsPlugged()
    {
        await using var machine = VirtualMachine.Create(new MachineConfig());
        Assert.Throws<InvalidOperationException>(() => machine.PlugDisk("a", new DiskConfig("nowhere")));
        Assert.Throws<InvalidOperationException>(() => machine.Unplug("a"));
    }

    private VirtualMachine Create(string script, GicVersion gic, VirtioBus bus, bool noReboot = true)
    {
        var disk = Path.Combine(_folder.FullName, "script.img");
        var bytes = new byte[64 << 10];
        Encoding.UTF8.GetBytes(script.ReplaceLineEndings("\n") + "\n", bytes);
        File.WriteAllBytes(disk, bytes);
        return VirtualMachine.Create(new MachineConfig
        {
            Kernel = GuestFiles.Find("Image"),
            Initrd = GuestFiles.Find("initrd.gz"),
            Append = "console=ttyAMA0 quiet panic=-1 script=initrd",
            Gic = gic,
            Bus = bus,
            HotplugSlots = 2,
            NoReboot = noReboot,
            Disks = [new DiskConfig(disk, DiskMode.ReadOnly)],
        });
    }
}
