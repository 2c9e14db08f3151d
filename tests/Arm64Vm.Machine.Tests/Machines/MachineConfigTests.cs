using Arm64Vm.Machine.Boot;
using Arm64Vm.Machine.Boot.DeviceTree;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Tests.Machines;

public class MachineConfigTests
{
    private static readonly MachineConfig s_valid = TestMachine.Config(new TestProgram().PowerOff());

    public static TheoryData<string, MachineConfig> Impossible => new()
    {
        { "processor 'pentium'", s_valid with { Cpu = "pentium" } },
        { "at most 64 processors, not 65", s_valid with { Cpus = 65 } },
        { "at most 8 processors, not 9", s_valid with { Cpus = 9, Gic = GicVersion.V2 } },
        { "needs a processor", s_valid with { Cpus = 0 } },
        { "multiple of 64 KiB", s_valid with { Memory = 0 } },
        { "multiple of 64 KiB", s_valid with { Memory = (64 << 20) + 4096 } },
        { "at most 255 GiB", s_valid with { Memory = 1UL << 50 } },
        { "GICv2 or a GICv3", s_valid with { Gic = (GicVersion)4 } },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void ImpossibleConfigurationsAreRefused(string message, MachineConfig config)
    {
        var error = Assert.Throws<MachineConfigurationException>(() => VirtualMachine.Create(config));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutKernelAndFirmwareTheEmbeddedFirmwareBoots()
    {
        await using var machine = VirtualMachine.Create(s_valid with { Kernel = null });
        var run = machine.RunAsync(TestContext.Current.CancellationToken);
        await machine.WaitForConsoleAsync("arm64vm-firmware", TestMachine.Patience);
        await machine.StopAsync();
        await run;
    }

    [Fact]
    public void EmptyFilesAreRefused()
    {
        Assert.Throws<BootImageException>(() => VirtualMachine.Create(s_valid with { Kernel = Array.Empty<byte>() }));
        Assert.Throws<BootImageException>(() => VirtualMachine.Create(s_valid with { Firmware = Array.Empty<byte>() }));
        Assert.Throws<BootImageException>(() => VirtualMachine.Create(s_valid with { DeviceTree = Array.Empty<byte>() }));
    }

    [Fact]
    public void MissingFilesAreIoErrors()
    {
        Assert.ThrowsAny<IOException>(() => VirtualMachine.Create(s_valid with { Kernel = "/nonexistent/kernel" }));
        Assert.ThrowsAny<IOException>(() => VirtualMachine.Create(s_valid with { Disks = [new DiskConfig("/nonexistent/disk")] }));
    }

    [Fact]
    public async Task TheSameSeedMakesTheSameDeviceTree()
    {
        var trees = new List<byte[]>();
        foreach (ulong? seed in (ulong?[])[7, 7, 8, null, null])
        {
            await using var machine = VirtualMachine.Create(s_valid with { RandomSeed = seed });
            trees.Add(machine.DeviceTree.ToArray());
        }

        Assert.Equal(trees[0], trees[1]);
        Assert.NotEqual(trees[0], trees[2]);
        Assert.NotEqual(trees[3], trees[4]);
    }

    [Fact]
    public async Task FirmwareStartsInFlashAndFlashOutlivesAReset()
    {
        // Programs a word of the second bank and resets; the second time it finds it there.
        var program = new TestProgram().Set(1, MemoryMap.Flash1.Base).Add(0xB940_0022); // ldr w2, [x1]
        program.Set(3, 0x1234).Add(0x6B03_005F); // cmp w2, w3
        program.Add(0x5400_0000 | 8 << 5); // b.eq +8
        program.Set(4, 0x0040_0040).Add(0xB900_0024, 0xB900_0023).Reset(); // program command, data
        program.Print("kept").PowerOff();
        var image = program.ToElf()[120..];
        await using var machine = VirtualMachine.Create(s_valid with { Kernel = null, Firmware = image });
        Assert.Equal(0ul, machine.ReadRegisters().Pc);

        // The bank starts as zeros, and programming clears bits only: put ones there first.
        Assert.Equal(RunEnd.PowerOff, (await RunWithErasedFlash(machine)).End);
        Assert.Equal("kept", machine.Console.Text);
        Assert.Equal(1, machine.GetStatistics().Resets);
    }

    [Fact]
    public async Task VariablesAreKeptInTheirFile()
    {
        var path = Path.GetTempFileName();
        try
        {
            using (var file = File.OpenWrite(path))
                file.SetLength((long)MemoryMap.Flash1.Size);
            var first = new TestProgram()
                .Set(1, MemoryMap.Flash1.Base).Set(2, 0x0020_0020).Set(3, 0x00D0_00D0).Add(0xB900_0022, 0xB900_0023) // erase
                .Set(2, 0x0040_0040).Set(3, 0xA1B2_C3D4).Add(0xB900_0022, 0xB900_0023) // program
                .PowerOff();
            await using (var machine = VirtualMachine.Create(s_valid with { Kernel = null, Firmware = first.ToElf()[120..], Vars = path }))
                Assert.Equal(RunEnd.PowerOff, (await TestMachine.RunAsync(machine)).End);
            Assert.Equal([0xD4, 0xC3, 0xB2, 0xA1, 0xFF], (await File.ReadAllBytesAsync(path))[..5]);

            var second = new TestProgram().Set(1, MemoryMap.Flash1.Base).Add(0xB940_0022) // ldr w2, [x1]
                .Set(3, 0xA1B2_C3D4).Add(0x6B03_005F, 0x5400_0000 | 2 << 5).Hang() // cmp w2, w3; b.eq +8
                .Print("kept").PowerOff();
            await using (var machine = VirtualMachine.Create(s_valid with { Kernel = null, Firmware = second.ToElf()[120..], Vars = path }))
            {
                Assert.ThrowsAny<IOException>(() => VirtualMachine.Create(machine.Config));
                Assert.Equal(RunEnd.PowerOff, (await TestMachine.RunAsync(machine)).End);
                Assert.Equal("kept", machine.Console.Text);
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void VariablesNeedFirmwareAndAWholeBank()
    {
        Assert.Throws<MachineConfigurationException>(() => VirtualMachine.Create(s_valid with { Vars = "/nonexistent/vars" }));
        var firmware = s_valid with { Kernel = null, Firmware = new byte[4] };
        Assert.ThrowsAny<IOException>(() => VirtualMachine.Create(firmware with { Vars = "/nonexistent/vars" }));
        Assert.Contains("is a folder", Assert.ThrowsAny<IOException>(() => VirtualMachine.Create(firmware with { Vars = "/" })).Message, StringComparison.Ordinal);
        var path = Path.GetTempFileName();
        try
        {
            var error = Assert.Throws<MachineConfigurationException>(() => VirtualMachine.Create(firmware with { Vars = path }));
            Assert.Contains("has 0 bytes, but a flash bank has 67108864", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task DisksTakeTransportsFromTheLastDownward()
    {
        var path = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(path, new byte[1024]);
            await using var machine = VirtualMachine.Create(s_valid with { Disks = [new DiskConfig(path, DiskMode.ReadOnly), new DiskConfig(path, DiskMode.Snapshot)] });
            for (var i = 0; i < MemoryMap.VirtioMmioCount; i++)
            {
                Assert.True(machine.Board.Bus.TryRead(MemoryMap.VirtioMmio(i).Base + 8, 4, out var id));
                Assert.Equal(i >= 30 ? 2ul : 0ul, id);
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static async Task<RunResult> RunWithErasedFlash(VirtualMachine machine)
    {
        Assert.True(machine.Board.Bus.TryWrite(MemoryMap.Flash1.Base, 4, 0x0020_0020));
        Assert.True(machine.Board.Bus.TryWrite(MemoryMap.Flash1.Base, 4, 0x00D0_00D0));
        Assert.True(machine.Board.Bus.TryWrite(MemoryMap.Flash1.Base, 4, 0x00FF_00FF));
        return await TestMachine.RunAsync(machine);
    }
}
