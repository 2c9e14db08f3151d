using Arm64Vm.Machine.Tests.Guests;
using Arm64Vm.Machine.Vnc;

namespace Arm64Vm.Machine.Tests.Vnc;

/// <summary>VNC clients of stock guests: what is drawn for them, and what is typed into them.</summary>
public sealed class VncGuestTests : IDisposable
{
    private const uint Shift = 0xFFE1;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("arm64vm");

    private string Socket => Path.Combine(_folder.FullName, "vnc");

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Debian's builds of EDK2 have no driver for a keyboard on virtio, so that the serial console is the only one to type on.</summary>
    [Fact]
    public async Task TheShellOfEdk2IsSeen()
    {
        using var disk = new FatDisk().AddFile(["EFI", "BOOT"], "BOOTAA64.EFI", await File.ReadAllBytesAsync(GuestFiles.Find("edk2-new/shellaa64.efi"))).Write();
        await using var machine = VirtualMachine.Create(new MachineConfig
        {
            Firmware = GuestFiles.Find("edk2-new/QEMU_EFI.fd"),
            Disks = [new DiskConfig(disk.Path, DiskMode.Snapshot)],
            HasDisplay = true,
            HasInput = true,
        });
        await using var server = VncServer.Start(machine, "unix:" + Socket);
        var run = machine.RunAsync(TestContext.Current.CancellationToken);
        await machine.WaitForConsoleAsync("Shell>", GuestFiles.Patience);
        using var client = await VncClient.ConnectAsync(Socket, true, VncClient.Zrle, VncClient.DesktopSize);
        await client.AskAsync(incremental: false);
        await client.UpdateAsync();
        Assert.True(client.Picture.AsSpan().ContainsAnyExcept((byte)0), "nothing is drawn");
        machine.Console.Type("reset -s\r");
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(GuestFiles.Patience)).End);
    }

    /// <summary>By the events of a stock kernel's input devices, whose layout a display's console would apply.</summary>
    [Theory]
    [InlineData(VirtioBus.Mmio)]
    [InlineData(VirtioBus.Pci)]
    public async Task LinuxGetsKeysAndThePlaceOfThePointer(VirtioBus bus)
    {
        await using var machine = VirtualMachine.Create(new MachineConfig
        {
            Kernel = GuestFiles.Find("debian/Image"),
            Initrd = GuestFiles.Find("debian/initrd.img"),
            Append = "console=ttyAMA0 root=/dev/vda rw",
            Disks = [new DiskConfig(GuestFiles.Find("debian/root.img"), DiskMode.Snapshot)],
            Bus = bus,
            HasDisplay = true,
            HasInput = true,
        });
        await using var server = VncServer.Start(machine, "unix:" + Socket);
        var run = machine.RunAsync(TestContext.Current.CancellationToken);
        await machine.WaitForConsoleAsync("login: ", GuestFiles.Patience);
        machine.Console.Type("root\r");
        await machine.WaitForConsoleAsync("Password: ", GuestFiles.Patience);
        machine.Console.Type("root\r");
        await machine.WaitForConsoleAsync("~# ", GuestFiles.Patience);

        // struct input_event: 16 bytes of time, type, code, value.
        // Value 2 is a key that the kernel repeats, as it does where it is slow to get the release.
        machine.Console.Type("modprobe virtio_input; modprobe evdev; grep -h '^N:' /proc/bus/input/devices; for e in /sys/class/input/event*; do d=/dev/input/${e##*/}; grep -q keyboard $e/device/name && K=$d; grep -q tablet $e/device/name && T=$d; done; exec 3<$K 4<$T; for e in 3 4; do stdbuf -oL od -An -v -tu2 -w24 <&$e | while read -r a b c d e f g h type code value rest; do echo EV $type $code $value; done & done; echo LISTE''NING; wait\r");
        await machine.WaitForConsoleAsync("LISTENING", GuestFiles.Patience);
        using var client = await VncClient.ConnectAsync(Socket, true, VncClient.Zrle);
        await client.KeyAsync(Shift, true);
        await client.KeyAsync('Q', true);
        await client.KeyAsync('Q', false);
        await client.KeyAsync(Shift, false);
        await machine.WaitForConsoleAsync("EV 1 42 0", GuestFiles.Patience);
        await client.PointAsync(1, 639, 0);
        await machine.WaitForConsoleAsync("EV 1 272 1", GuestFiles.Patience);
        await machine.StopAsync();
        await run;
        var lines = machine.Console.Text.Split('\n').Select(line => line.Trim()).Where(line => line.StartsWith("EV ", StringComparison.Ordinal) && line != "EV 0 0 0" && !line.EndsWith(" 2", StringComparison.Ordinal)).ToList();
        Assert.Equal(["EV 1 42 1", "EV 1 16 1", "EV 1 16 0", "EV 1 42 0", "EV 3 0 32767", "EV 1 272 1"], lines);
    }
}
