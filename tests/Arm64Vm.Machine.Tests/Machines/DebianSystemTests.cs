using Arm64Vm.Machine.Tests.Guests;

namespace Arm64Vm.Machine.Tests.Machines;

/// <summary>Whole systems of Debian, where firmware/make-debian-root.sh and firmware/fetch-guests.sh have brought them.</summary>
public class DebianSystemTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task SystemdBootsWithoutAFailedUnitTakesALoginAndSwitchesOff()
    {
        await using var machine = VirtualMachine.Create(new MachineConfig
        {
            Kernel = GuestFiles.Find("debian/Image"),
            Initrd = GuestFiles.Find("debian/initrd.img"),
            Append = "console=ttyAMA0 root=/dev/vda rw",
            Disks = [new DiskConfig(GuestFiles.Find("debian/root.img"), DiskMode.Snapshot)],
            NoReboot = true,
        });
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("login: ", s_patience);
        machine.Console.Type("root\r");
        await machine.WaitForConsoleAsync("Password: ", s_patience);
        machine.Console.Type("root\r");
        await machine.WaitForConsoleAsync("~# ", s_patience);
        // What is typed is echoed: the answers are spelt so that the echo does not match them.
        machine.Console.Type("systemctl is-system-running --wait; systemctl --failed --no-legend --plain | wc -l | sed 's/^/FAILED''=/'\r");
        await machine.WaitForConsoleAsync("FAILED=0", s_patience);
        machine.Console.Type("poweroff\r");
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(s_patience)).End);
        Assert.Contains("reboot: Power down", machine.Console.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("FAILED ]", machine.Console.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InstallerComesToItsFirstQuestion()
    {
        await using var machine = VirtualMachine.Create(new MachineConfig
        {
            Kernel = GuestFiles.Find("installer/linux"),
            Initrd = GuestFiles.Find("installer/initrd.gz"),
            Append = "console=ttyAMA0",
        });
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("Select a language", s_patience);
        await machine.StopAsync();
        Assert.Equal(RunEnd.Stopped, (await run).End);
    }
}
