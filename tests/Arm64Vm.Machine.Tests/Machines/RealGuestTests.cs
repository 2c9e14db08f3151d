using Arm64Vm.Machine.Boot.DeviceTree;

namespace Arm64Vm.Machine.Tests.Machines;

/// <summary>Stock firmware and kernels, where firmware/fetch-guests.sh has brought them.</summary>
public class RealGuestTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task UBootComesToItsPrompt()
    {
        await using var machine = VirtualMachine.Create(new MachineConfig { Firmware = Guest("u-boot.bin") });
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("=> ", s_patience);
        machine.Console.Type("version\r");
        await machine.WaitForConsoleAsync("U-Boot 20", s_patience);
        machine.Console.Type("poweroff\r");
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(s_patience)).End);
    }

    [Fact]
    public async Task UBootResets()
    {
        await using var machine = VirtualMachine.Create(new MachineConfig { Firmware = Guest("u-boot.bin") });
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("=> ", s_patience);
        machine.Console.Type("reset\r");
        await machine.WaitForConsoleAsync("=> ", s_patience);
        Assert.Equal(1, machine.GetStatistics().Resets);
        await machine.StopAsync();
        Assert.Equal(RunEnd.Stopped, (await run).End);
    }

    [Fact]
    public async Task Edk2ComesToItsShell()
    {
        await using var machine = VirtualMachine.Create(new MachineConfig { Firmware = Guest("QEMU_EFI.fd") });
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("Shell>", s_patience);
        machine.Console.Type("reset -s\r");
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(s_patience)).End);
    }

    [Theory]
    [InlineData("max", GicVersion.V3)]
    [InlineData("cortex-a53", GicVersion.V2)]
    public async Task LinuxBootsAndPowersOff(string cpu, GicVersion gic)
    {
        await using var machine = VirtualMachine.Create(new MachineConfig
        {
            Kernel = Guest("Image"), Initrd = Guest("initrd.gz"), Append = "console=ttyAMA0 root=none quiet panic=-1", NoReboot = true, Cpu = cpu, Gic = gic,
        });
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("BOOT-OK", s_patience);
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(s_patience)).End);
        Assert.DoesNotContain("Kernel panic", machine.Console.Text, StringComparison.Ordinal);
    }

    internal static string Guest(string name)
    {
        var folder = Environment.GetEnvironmentVariable("ARM64VM_GUESTS")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "arm64vm-guests");
        var path = Path.Combine(folder, name);
        Assert.SkipUnless(File.Exists(path), $"firmware/fetch-guests.sh has not brought {name}");
        return path;
    }
}
