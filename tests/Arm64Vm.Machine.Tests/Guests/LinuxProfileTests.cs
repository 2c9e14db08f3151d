using Arm64Vm.Machine.Profiling;
using Arm64Vm.Profiling;

namespace Arm64Vm.Machine.Tests.Guests;

/// <summary>A recording of a stock Linux that runs knows its kernel's functions and its processes.</summary>
[Collection(nameof(Profiling.RecordingTests))]
public sealed class LinuxProfileTests
{
    [Fact]
    public async Task ProcessesOfABusyGuestHaveNames()
    {
        await using var machine = VirtualMachine.Create(new MachineConfig
        {
            Kernel = GuestFiles.Find("Image"),
            Initrd = GuestFiles.Find("initrd.gz"),
            Append = "console=ttyAMA0 root=/dev/vda quiet panic=-1",
            NoReboot = true,
            Disks = [new DiskConfig(GuestFiles.Find("rootfs.img"), DiskMode.Snapshot)],
        });
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("BOOT-OK", GuestFiles.Patience);
        await machine.WaitForConsoleAsync("/# ", GuestFiles.Patience);
        machine.Console.Type("sha256sum /dev/zero & yes > /dev/null & echo STARTED $((6*7)).\n");
        await machine.WaitForConsoleAsync("STARTED 42.", GuestFiles.Patience);

        // The guest never idles; a host that is busy elsewhere may not let it come far in a second.
        for (var tries = 1; ; tries++)
        {
            using var ending = new CancellationTokenSource(1000);
            var profile = await machine.RecordAsync(new RecordingOptions(), () => { }, ending.Token);
            var table = FunctionTable.Of(profile);
            var names = table.Processes.Select(process => process.Name).ToList();
            if (names.Contains("sha256sum") && names.Contains("yes"))
            {
                Assert.Contains(profile.Symbols, symbol => symbol.Name == "el0t_64_sync");

                // The kernel's modules as well, here the one of the disk.
                var disk = profile.Modules.FindIndex(module => module.Name == "virtio_blk");
                Assert.Contains(profile.Symbols, symbol => symbol.Module == disk && symbol.Name == "virtblk_done");
                Assert.All(profile.Processes.Where(process => process.Name is "sha256sum" or "yes"), process => Assert.NotEqual(0UL, process.TableBase));
                break;
            }

            Assert.True(tries < 20, string.Join(", ", names));
        }

        await machine.StopAsync();
        await run;
    }
}
