using System.Text;
using Arm64Vm.Devices.Net;
using Arm64Vm.Machine.Boot.DeviceTree;
using Arm64Vm.Machine.Tests.Machines;

namespace Arm64Vm.Machine.Tests.Guests;

/// <summary>EDK2 and what it boots.</summary>
public class Edk2Tests
{
    private const string Greeting = "-guid 11112222-3333-4444-5555-666677778888";

    private static MachineConfig LinuxUnderFirmware => new()
    {
        Firmware = GuestFiles.Find("QEMU_EFI.fd"),
        Kernel = GuestFiles.Find("Image"),
        Initrd = GuestFiles.Find("initrd.gz"),
        Append = "console=ttyAMA0 root=none",
        NoReboot = true,
    };

    /// <summary>The firmware finds the display by itself and shows its console there as well.</summary>
    [Fact]
    public async Task ADisplayShowsTheShell()
    {
        await using var machine = VirtualMachine.Create(new MachineConfig { Firmware = GuestFiles.Find("AAVMF_CODE.fd"), HasDisplay = true });
        var run = machine.RunAsync(TestContext.Current.CancellationToken);
        await EnterShell(machine);
        var image = machine.CaptureScreen()!;
        Assert.InRange(image.Width, 640, 4096);
        Assert.True(image.Pixels.Span.ContainsAnyExcept((byte)0), "nothing is drawn");
        await machine.StopAsync();
        await run;
    }

    [Fact]
    public async Task VariablesSurviveAResetAndAnotherMachine()
    {
        var vars = Path.GetTempFileName();
        try
        {
            File.Copy(GuestFiles.Find("AAVMF_VARS.fd"), vars, overwrite: true);
            var config = new MachineConfig { Firmware = GuestFiles.Find("AAVMF_CODE.fd"), Vars = vars };
            await using (var machine = VirtualMachine.Create(config))
            {
                var run = machine.RunAsync();
                await EnterShell(machine);
                machine.Console.Type($"setvar First {Greeting} -nv -bs =0x1234\rreset\r");
                await EnterShell(machine);
                machine.Console.Type($"setvar First {Greeting}\r");
                await machine.WaitForConsoleAsync("First - 0002 Bytes", GuestFiles.Patience);
                machine.Console.Type($"setvar Second {Greeting} -nv -bs =0x56\rsetvar Second {Greeting}\r");
                await machine.WaitForConsoleAsync("Second - 0001 Bytes", GuestFiles.Patience);
                // Nothing is said to the guest: it ends as a killed process does.
                await machine.StopAsync();
                Assert.Equal(RunEnd.Stopped, (await run).End);
            }

            await using (var machine = VirtualMachine.Create(config))
            {
                var run = machine.RunAsync();
                await EnterShell(machine);
                machine.Console.Type($"setvar First {Greeting}\rsetvar Second {Greeting}\r");
                await machine.WaitForConsoleAsync("First - 0002 Bytes", GuestFiles.Patience);
                await machine.WaitForConsoleAsync("Second - 0001 Bytes", GuestFiles.Patience);
                machine.Console.Type("reset -s\r");
                Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(GuestFiles.Patience)).End);
            }
        }
        finally
        {
            File.Delete(vars);
        }
    }

    [Theory]
    [InlineData(GicVersion.V3)]
    [InlineData(GicVersion.V2)]
    public async Task LinuxFromFwCfgBootsWithAcpi(GicVersion gic)
    {
        var console = await RunLinux(LinuxUnderFirmware with { Gic = gic });
        Assert.Contains("ACPI: RSDP", console, StringComparison.Ordinal);
        Assert.Contains("SMBIOS 3.0.0 present.", console, StringComparison.Ordinal);
        Assert.Contains("DMI: Arm64Vm virt", console, StringComparison.Ordinal);
        Assert.Contains("acpi PNP0A08:00: ECAM area [mem 0x4010000000-0x401fffffff] reserved", console, StringComparison.Ordinal);
        Assert.DoesNotContain("ACPI Error", console, StringComparison.Ordinal);
        Assert.DoesNotContain("ACPI BIOS", console, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LinuxFromFwCfgBootsWithTheDeviceTree()
    {
        var console = await RunLinux(LinuxUnderFirmware with { Acpi = false });
        Assert.DoesNotContain("ACPI: RSDP", console, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ThePowerKeyReachesLinuxWithAcpi()
    {
        const string Init = """
            #!/bin/busybox sh
            /bin/busybox mount -t proc proc /proc
            echo READY
            until [ "$(/bin/busybox awk '/ACPI:Ged/ { print $2 }' /proc/interrupts)" = 1 ]; do /bin/busybox sleep 0.1; done
            echo PRESSED
            /bin/busybox poweroff -f

            """;
        // The kernel unpacks one archive after the other; a file of the second replaces one of the first.
        var first = await File.ReadAllBytesAsync(GuestFiles.Find("initrd.gz"));
        byte[] initrd = [.. first, .. new byte[-first.Length & 3], .. NewcArchive.OfProgram("init", Encoding.UTF8.GetBytes(Init.ReplaceLineEndings("\n")))];
        await using var machine = VirtualMachine.Create(LinuxUnderFirmware with { Initrd = initrd });
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("READY", GuestFiles.Patience);
        machine.PressPowerKey();
        await machine.WaitForConsoleAsync("PRESSED", GuestFiles.Patience);
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(GuestFiles.Patience)).End);
    }

    [Theory]
    [InlineData(VirtioBus.Mmio)]
    [InlineData(null)]
    public async Task TheShellStartsLinuxFromADisksSystemPartition(VirtioBus? bus)
    {
        using var disk = LinuxDisk().Write();

        // A network that nobody asked to boot from is not tried before the disk, nor after it.
        var console = await RunLinux(new MachineConfig { Firmware = GuestFiles.Find("QEMU_EFI.fd"), Disks = [new DiskConfig(disk.Path)], NoReboot = true, Bus = bus, Networks = [new SwitchNetworkConfig(new NetworkSwitch())] });
        Assert.DoesNotContain("PXE", console, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(VirtioBus.Mmio)]
    [InlineData(VirtioBus.Pci)]
    public async Task TheNewestEdk2StartsItsShellFromADiskAndThatLinux(VirtioBus bus)
    {
        using var disk = LinuxDisk().AddFile(["EFI", "BOOT"], "BOOTAA64.EFI", await File.ReadAllBytesAsync(GuestFiles.Find("edk2-new/shellaa64.efi"))).Write();
        await RunLinux(new MachineConfig { Firmware = GuestFiles.Find("edk2-new/QEMU_EFI.fd"), Disks = [new DiskConfig(disk.Path)], NoReboot = true, Bus = bus });
    }

    [Theory]
    [InlineData(VirtioBus.Mmio)]
    [InlineData(null)]
    public async Task UBootStartsLinuxFromADisk(VirtioBus? bus)
    {
        using var disk = LinuxDisk()
            .AddFile(["extlinux"], "extlinux.conf", "default l\nlabel l\n  kernel /Image\n  initrd /initrd.gz\n  append console=ttyAMA0 root=none\n"u8)
            .Write();
        await RunLinux(new MachineConfig { Firmware = GuestFiles.Find("u-boot.bin"), Disks = [new DiskConfig(disk.Path, DiskMode.ReadOnly)], NoReboot = true, Bus = bus });
    }

    /// <summary>Disks are on PCI unless told otherwise; ACPI leads Debian's kernel there.</summary>
    [Fact]
    public async Task AnInstalledDebianStartsFromItsDiskOnPci()
    {
        await using var machine = VirtualMachine.Create(LinuxUnderFirmware with
        {
            Kernel = GuestFiles.Find("debian/Image"),
            Initrd = GuestFiles.Find("debian/initrd.img"),
            Append = "console=ttyAMA0 root=/dev/vda rw",
            Disks = [new DiskConfig(GuestFiles.Find("debian/root.img"), DiskMode.Snapshot)],
            Cpus = 2,
        });
        var run = machine.RunAsync(TestContext.Current.CancellationToken);
        await machine.WaitForConsoleAsync("login: ", GuestFiles.Patience);
        machine.Console.Type("root\r");
        await machine.WaitForConsoleAsync("Password: ", GuestFiles.Patience);
        machine.Console.Type("root\r");
        await machine.WaitForConsoleAsync("~# ", GuestFiles.Patience);
        machine.Console.Type("readlink -f /sys/block/vda; echo QUEUES''=$(ls /sys/block/vda/mq | wc -l)\r");
        await machine.WaitForConsoleAsync("QUEUES=2", GuestFiles.Patience);
        Assert.Contains("/pci0000:00/0000:00:01.0/virtio0/block/vda", machine.Console.Text, StringComparison.Ordinal);
        machine.Console.Type("poweroff\r");
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(GuestFiles.Patience)).End);
    }

    /// <summary>A kernel with its initrd, and a script for EFI's shell that starts it.</summary>
    private static FatDisk LinuxDisk() => new FatDisk()
        .AddFile("Image", File.ReadAllBytes(GuestFiles.Find("Image")))
        .AddFile("initrd.gz", File.ReadAllBytes(GuestFiles.Find("initrd.gz")))
        .AddFile("startup.nsh", "fs0:\\Image initrd=\\initrd.gz console=ttyAMA0 root=none\r\n");

    private static async Task<string> RunLinux(MachineConfig config)
    {
        await using var machine = VirtualMachine.Create(config);
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("BOOT-OK", GuestFiles.Patience);
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(GuestFiles.Patience)).End);
        return machine.Console.Text;
    }

    /// <summary>Skips the count-down before the prompt.</summary>
    private static async Task EnterShell(VirtualMachine machine)
    {
        await machine.WaitForConsoleAsync("any other key to continue", GuestFiles.Patience);
        machine.Console.Type("\r");
        await machine.WaitForConsoleAsync("Shell>", GuestFiles.Patience);
    }
}
