using Arm64Vm.Machine.Boot.DeviceTree;
using Arm64Vm.Machine.Tests.Guests;

namespace Arm64Vm.Machine.Tests.Machines;

/// <summary>Stock firmware and kernels, where firmware/fetch-guests.sh has brought them.</summary>
public class RealGuestTests
{
    [Fact]
    public async Task UBootComesToItsPrompt()
    {
        await using var machine = VirtualMachine.Create(new MachineConfig { Firmware = GuestFiles.Find("u-boot.bin") });
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("=> ", GuestFiles.Patience);
        machine.Console.Type("version\r");
        await machine.WaitForConsoleAsync("U-Boot 20", GuestFiles.Patience);
        machine.Console.Type("poweroff\r");
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(GuestFiles.Patience)).End);
    }

    [Fact]
    public async Task UBootResets()
    {
        await using var machine = VirtualMachine.Create(new MachineConfig { Firmware = GuestFiles.Find("u-boot.bin") });
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("=> ", GuestFiles.Patience);
        machine.Console.Type("reset\r");
        await machine.WaitForConsoleAsync("=> ", GuestFiles.Patience);
        Assert.Equal(1, machine.GetStatistics().Resets);
        await machine.StopAsync();
        Assert.Equal(RunEnd.Stopped, (await run).End);
    }

    [Fact]
    public async Task Edk2ComesToItsShell()
    {
        await using var machine = VirtualMachine.Create(new MachineConfig { Firmware = GuestFiles.Find("QEMU_EFI.fd") });
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("Shell>", GuestFiles.Patience);
        machine.Console.Type("reset -s\r");
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(GuestFiles.Patience)).End);
    }

    [Theory]
    [InlineData("max", GicVersion.V3)]
    [InlineData("cortex-a53", GicVersion.V2)]
    public async Task LinuxBootsAndPowersOff(string cpu, GicVersion gic)
    {
        await using var machine = VirtualMachine.Create(new MachineConfig
        {
            Kernel = GuestFiles.Find("Image"),
            Initrd = GuestFiles.Find("initrd.gz"),
            Append = "console=ttyAMA0 root=none quiet panic=-1",
            NoReboot = true,
            Cpu = cpu,
            Gic = gic,
        });
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("BOOT-OK", GuestFiles.Patience);
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(GuestFiles.Patience)).End);
        Assert.DoesNotContain("Kernel panic", machine.Console.Text, StringComparison.Ordinal);
    }
}
