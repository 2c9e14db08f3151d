using Arm64Vm.Machine.Boot.DeviceTree;

namespace Arm64Vm.Machine.Tests.Guests;

/// <summary>A stock Linux with several processors: all come up and work, go and come back, and the machine goes off.</summary>
public sealed class LinuxSmpTests
{
    /// <summary>So that a test finds its answer and not the echo of its question.</summary>
    private const string Prompt = "/# ";

    [Theory]
    [InlineData(2, GicVersion.V3)]
    [InlineData(8, GicVersion.V2)]
    [InlineData(32, GicVersion.V3)]
    [InlineData(64, GicVersion.V3)]
    public async Task EveryProcessorComesUpAndWorks(int cpus, GicVersion gic)
    {
        await using var machine = Boot(cpus, gic);
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("BOOT-OK", GuestFiles.Patience);
        await machine.WaitForConsoleAsync(Prompt, GuestFiles.Patience);

        // On each processor one program, which says where it ran.
        machine.Console.Type("n=0; for c in $(seq 0 $(($(nproc)-1))); do taskset -c $c /bin/true && n=$((n+1)); done; echo RAN $n ON $(nproc).\n");
        await machine.WaitForConsoleAsync($"RAN {cpus} ON {cpus}.", GuestFiles.Patience);
        await PowerOff(machine, run);
    }

    /// <summary>CPU_OFF and CPU_ON through the kernel's hot-unplug; two hundred rounds with ARM64VM_HOTPLUG_ROUNDS=200.</summary>
    [Fact]
    public async Task ProcessorsAreUnpluggedAndPluggedInAgain()
    {
        var rounds = int.TryParse(Environment.GetEnvironmentVariable("ARM64VM_HOTPLUG_ROUNDS"), out var more) ? more : 20;
        await using var machine = Boot(4, GicVersion.V3);
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("BOOT-OK", GuestFiles.Patience);
        await machine.WaitForConsoleAsync(Prompt, GuestFiles.Patience);
        machine.Console.Type("mount -t sysfs s /sys; mount -t proc p /proc; cd /sys/devices/system/cpu; f=0\n");
        machine.Console.Type($"for i in $(seq {rounds}); do c=cpu$((1+i%3))/online; echo 0 > $c || f=$((f+1)); echo 1 > $c || f=$((f+1)); done; echo FAILED $f ONLINE $(cat online).\n");
        await machine.WaitForConsoleAsync("FAILED 0 ONLINE 0-3.", GuestFiles.Patience);
        await PowerOff(machine, run);
    }

    private static VirtualMachine Boot(int cpus, GicVersion gic) => VirtualMachine.Create(new MachineConfig
    {
        Cpus = cpus,
        Gic = gic,
        Kernel = GuestFiles.Find("Image"),
        Initrd = GuestFiles.Find("initrd.gz"),
        Append = "console=ttyAMA0 root=/dev/vda quiet panic=-1",
        NoReboot = true,
        Disks = [new DiskConfig(GuestFiles.Find("rootfs.img"), DiskMode.Snapshot)],
    });

    private static async Task PowerOff(VirtualMachine machine, Task<RunResult> run)
    {
        machine.Console.Type("mount -t proc p /proc; echo o > /proc/sysrq-trigger\n");
        Assert.Equal(RunEnd.PowerOff, (await run.WaitAsync(GuestFiles.Patience)).End);
    }
}
