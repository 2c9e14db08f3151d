using Arm64Vm.Machine.Tests.Guests;

namespace Arm64Vm.Machine.Tests.Machines;

/// <summary>Whole systems of Debian, where firmware/make-debian-root.sh and firmware/fetch-guests.sh have brought them.</summary>
public class DebianSystemTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task SystemdBootsWithoutAFailedUnitTakesALoginAndSwitchesOff()
    {
        await using var machine = VirtualMachine.Create(DebianMachine());
        var run = machine.RunAsync();
        await LogInAsync(machine);
        await TypeAsync(machine, "systemctl is-system-running --wait; systemctl --failed --no-legend --plain | wc -l | sed 's/^/FAILED''=/'", "FAILED=0");
        machine.Console.Type("poweroff\r");
        await ExpectPowerOffAsync(machine, run);
        Assert.DoesNotContain("FAILED ]", machine.Console.Text, StringComparison.Ordinal);
    }

    /// <summary>What is beside the serial console and the disk: random source, virtio console, clock with its alarm, power key.</summary>
    [Fact]
    public async Task SmallDevicesServeAStockKernel()
    {
        await using var machine = VirtualMachine.Create(DebianMachine() with { HasEntropyDevice = true, HasVirtioConsole = true });
        var run = machine.RunAsync();
        await LogInAsync(machine);
        await TypeAsync(machine, "cat /sys/class/misc/hw_random/rng_current; head -c 100 /dev/hwrng | wc -c | sed 's/^/RANDOM''=/'", "RANDOM=100");
        Assert.Contains("virtio_rng.0", machine.Console.Text, StringComparison.Ordinal);
        machine.Console.Type("echo from the guest > /dev/hvc0\r");
        var other = machine.VirtioConsole!;
        Assert.True(SpinWait.SpinUntil(() => other.Text.Contains("from the guest", StringComparison.Ordinal), s_patience));
        await TypeAsync(machine, "cd /sys/class/rtc/rtc0; echo +2 > wakealarm; sleep 4; awk '/rtc-pl031/ { print \"ALARMS\" \"=\" $2 }' /proc/interrupts", "ALARMS=1");
        machine.PressPowerKey();
        await ExpectPowerOffAsync(machine, run);
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

    private static MachineConfig DebianMachine() => new()
    {
        Kernel = GuestFiles.Find("debian/Image"),
        Initrd = GuestFiles.Find("debian/initrd.img"),
        Append = "console=ttyAMA0 root=/dev/vda rw",
        Disks = [new DiskConfig(GuestFiles.Find("debian/root.img"), DiskMode.Snapshot)],
        NoReboot = true,
    };

    private static async Task LogInAsync(VirtualMachine machine)
    {
        await machine.WaitForConsoleAsync("login: ", s_patience);
        await TypeAsync(machine, "root", "Password: ");
        await TypeAsync(machine, "root", "~# ");
    }

    /// <summary>Types a line and waits for its answer, which must be spelt so that the echo of the line does not match it.</summary>
    private static async Task TypeAsync(VirtualMachine machine, string line, string answer)
    {
        machine.Console.Type(line + "\r");
        await machine.WaitForConsoleAsync(answer, s_patience);
    }

    private static async Task ExpectPowerOffAsync(VirtualMachine machine, Task<RunResult> run)
    {
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(s_patience)).End);
        Assert.Contains("reboot: Power down", machine.Console.Text, StringComparison.Ordinal);
    }
}
