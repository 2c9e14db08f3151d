using Arm64Vm.Machine.Boot.DeviceTree;

namespace Arm64Vm.Machine.Tests.Fuzz;

/// <summary>Runs an image for a while and stops it: the process must survive, and the guest must stop when told to.</summary>
internal static class GuestRun
{
    /// <summary>A stop is answered at once; the rest is for hosts that are busy with other tests.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(5);

    public const ulong Memory = 64 << 20;

    /// <param name="file">What to boot.</param>
    /// <param name="time">How long to let it run.</param>
    /// <param name="backend">What executes it.</param>
    /// <param name="gic">The board's interrupt controller.</param>
    /// <param name="counterAddress">Where the guest counts in memory; 0: nowhere.</param>
    /// <param name="disk">An image that the guest may write to without changing it.</param>
    /// <returns>How the run ended, and the guest's counter.</returns>
    public static async Task<(RunEnd End, ulong Count)> For(byte[] file, TimeSpan time, ExecutionBackend backend, GicVersion gic = GicVersion.V3, ulong counterAddress = 0, string? disk = null)
    {
        await using VirtualMachine vm = VirtualMachine.Create(new MachineConfig
        {
            Memory = Memory,
            Kernel = file,
            Backend = backend,
            Gic = gic,
            NoReboot = true,
            RandomSeed = 1,
            Disks = disk is null ? [] : [new DiskConfig(disk, DiskMode.Snapshot)],
        });
        RunResult result = await For(vm, time);
        byte[] counter = new byte[8];
        ulong count = counterAddress != 0 && vm.TryReadMemory(counterAddress, counter) ? BitConverter.ToUInt64(counter) : 0;
        return (result.End, count);
    }

    /// <summary>Runs a machine to its end, or for so long.</summary>
    public static async Task<RunResult> For(VirtualMachine vm, TimeSpan time)
    {
        Task<RunResult> run = vm.RunAsync();
        await Task.WhenAny(run, Task.Delay(time));
        Task stop = vm.StopAsync();
        if (await Task.WhenAny(stop, Task.Delay(StopLimit)) != stop)
        {
            // Disposal would wait for ever: the process ends with this.
            Environment.FailFast($"the guest did not stop within {StopLimit.TotalSeconds} s");
        }

        return await run;
    }
}
