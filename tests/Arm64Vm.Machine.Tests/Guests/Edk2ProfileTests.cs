using Arm64Vm.Machine.Profiling;
using Arm64Vm.Profiling;

namespace Arm64Vm.Machine.Tests.Guests;

/// <summary>A recording of stock EDK2 knows which of its images code is in.</summary>
[Collection(nameof(Profiling.RecordingTests))]
public sealed class Edk2ProfileTests
{
    [Fact]
    public async Task ImagesHaveTheNamesOfTheirBuilds()
    {
        await using var machine = VirtualMachine.Create(new MachineConfig { Firmware = GuestFiles.Find("QEMU_EFI.fd") });
        machine.StartRecording(new RecordingOptions { Interval = 997_000 });
        var run = machine.RunAsync();
        await machine.WaitForConsoleAsync("Shell>", GuestFiles.Patience);
        await machine.StopAsync();
        await run;
        var profile = machine.FinishRecording();
        var names = profile.Modules.Select(module => module.Name).ToList();

        // One that runs in flash, one that is loaded first, and the last one.
        foreach (var name in (string[])["PeiCore", "DxeCore", "Shell"])
            Assert.Contains(name, names);
        Assert.Contains(FunctionTable.Of(profile).Modules, module => module.Name == "DxeCore");
        var known = profile.Blocks.Count(block => profile.Modules.Exists(module => block.VirtualAddress >= module.Start && block.VirtualAddress < module.End));
        Assert.True(known >= profile.Blocks.Count * 0.9, $"{known} of {profile.Blocks.Count} blocks are in {string.Join(", ", names)}");
    }
}
