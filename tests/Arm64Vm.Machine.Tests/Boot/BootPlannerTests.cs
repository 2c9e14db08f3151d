using System.Buffers.Binary;
using Arm64Vm.Machine.Boot;
using Arm64Vm.Machine.Boot.DeviceTree;
using Arm64Vm.Machine.Memory;
using Arm64Vm.Machine.Tests.Boot.Images;

namespace Arm64Vm.Machine.Tests.Boot;

public class BootPlannerTests
{
    private static readonly VirtBoard Board = new() { RamSize = 64 << 20 };
    private static readonly byte[] Kernel = KernelLoaderTests.Image(0, 0x10_0000, 0x2000);

    [Fact]
    public void LinuxIsEnteredThroughTheStub()
    {
        var initrd = Enumerable.Range(0, 5000).Select(i => (byte)i).ToArray();
        var plan = BootPlanner.Create(new BootFiles { Kernel = Kernel, Initrd = initrd, CommandLine = "console=ttyAMA0" }, Board);
        Assert.Equal(MemoryMap.RamBase, plan.EntryPoint);
        Assert.Equal(0x4220_0000ul, plan.DeviceTreeAddress);

        var ram = new TestMemory(MemoryMap.RamBase, 64 << 20);
        ram.Bytes.AsSpan().Fill(0xEE);
        plan.WriteTo(ram);
        Assert.Equal(0x5800_00C0u, BinaryPrimitives.ReadUInt32LittleEndian(ram.At(0x4000_0000, 4)));
        Assert.Equal(0x4220_0000ul, BinaryPrimitives.ReadUInt64LittleEndian(ram.At(0x4000_0018, 8)));
        Assert.Equal(0x4020_0000ul, BinaryPrimitives.ReadUInt64LittleEndian(ram.At(0x4000_0020, 8)));
        Assert.Equal(Kernel, ram.At(0x4020_0000, Kernel.Length));
        Assert.Equal(-1, ram.At(0x4020_2000, 0x10_0000 - 0x2000).IndexOfAnyExcept((byte)0));
        Assert.Equal(0xEE, ram.At(0x4030_0000, 1)[0]);
        Assert.Equal(initrd, ram.At(0x4200_0000, 5000));

        var tree = DeviceTreeBlob.Parse(ram.At(0x4220_0000, 0x20_0000));
        var chosen = tree.Find("/chosen")!;
        Assert.Equal("console=ttyAMA0\0"u8, chosen.FindProperty("bootargs")!);
        Assert.Equal(0x4200_0000ul, BinaryPrimitives.ReadUInt64BigEndian(chosen.FindProperty("linux,initrd-start")));
        Assert.Equal(0x4200_1388ul, BinaryPrimitives.ReadUInt64BigEndian(chosen.FindProperty("linux,initrd-end")));
    }

    [Fact]
    public void InitrdGoesBehindALargeKernel()
    {
        var kernel = KernelLoaderTests.Image(0, 40 << 20, 0x2000);
        var plan = BootPlanner.Create(new BootFiles { Kernel = kernel, Initrd = new byte[10] }, Board);
        Assert.Equal(MemoryMap.RamBase + (42 << 20), plan.Segments.Single(s => s.Name == "initrd").Address);
    }

    [Fact]
    public void BareMetalGetsTheTreeAtTheBaseOfRamWhenThatIsFree()
    {
        var high = ElfImageTests.Elf(0x4008_0000, (0x4008_0000, 0x4008_0000, 100, 100));
        var plan = BootPlanner.Create(new BootFiles { Kernel = high }, Board);
        Assert.Equal((0x4008_0000ul, 0x4000_0000ul), (plan.EntryPoint, plan.DeviceTreeAddress));

        var low = ElfImageTests.Elf(0x4000_0000, (0x4000_0000, 0x4000_0000, 100, 100));
        plan = BootPlanner.Create(new BootFiles { Kernel = low }, Board);
        Assert.Equal((0x4000_0000ul, null), (plan.EntryPoint, plan.DeviceTreeAddress));
        Assert.Single(plan.Segments);
    }

    [Fact]
    public void FirmwareStartsInFlashAndFindsTheKernelInFwCfg()
    {
        var files = new BootFiles { Firmware = new byte[1000], Kernel = Kernel, Initrd = new byte[7], CommandLine = "quiet" };
        var plan = BootPlanner.Create(files, Board);
        Assert.Equal((0ul, MemoryMap.RamBase), (plan.EntryPoint, plan.DeviceTreeAddress));
        Assert.Single(plan.Segments);

        var ram = new TestMemory(MemoryMap.RamBase, 1 << 20);
        var device = new Devices.FwCfg.FwCfgDevice(BootFwCfg.Create(Board, files), ram);
        Assert.Equal((uint)Kernel.Length, ReadItem(device, 0x08));
        Assert.Equal(7u, ReadItem(device, 0x0B));
        Assert.Equal(6u, ReadItem(device, 0x14));
        Assert.Equal(BinaryPrimitives.ReadUInt32LittleEndian("quiet"u8), ReadItem(device, 0x15));
        Assert.Equal(BinaryPrimitives.ReadUInt32LittleEndian("QEMU"u8), ReadItem(device, 0x00));
    }

    [Fact]
    public void UsersTreeIsPatchedNotReplaced()
    {
        var users = new DeviceTreeBlob();
        users.Root.SetCells("#address-cells", 2).SetCells("#size-cells", 2).SetStrings("model", "mine");
        users.Root.AddChild("chosen").SetStrings("bootargs", "old").SetNumbers("linux,initrd-start", 1);
        var plan = BootPlanner.Create(new BootFiles { Kernel = Kernel, DeviceTree = users.Serialize(), CommandLine = "new" }, Board);
        var tree = DeviceTreeBlob.Parse(plan.Segments.Single(s => s.Name == "device tree").Data.Span);
        Assert.Equal("mine\0"u8, tree.Root.FindProperty("model")!);
        Assert.Equal("new\0"u8, tree.Find("/chosen")!.FindProperty("bootargs")!);
        Assert.Null(tree.Find("/chosen")!.FindProperty("linux,initrd-start"));
        Assert.NotNull(tree.Find("/memory@40000000"));
        Assert.Null(tree.Find("/cpus"));
    }

    [Fact]
    public void WhatCannotBootIsExplained()
    {
        Refused("nothing to boot", new BootFiles());
        Refused("no kernel", new BootFiles { Firmware = new byte[10], Initrd = new byte[10] });
        Refused("64 MiB", new BootFiles { Firmware = new byte[(64 << 20) + 1] });
        Refused("initrd", new BootFiles { Kernel = Kernel, Initrd = new byte[33 << 20] });
        Refused("device tree", new BootFiles { Kernel = Kernel, Initrd = new byte[31 << 20] });
        Refused("ELF", new BootFiles { Kernel = ElfImageTests.Elf(0x4008_0000, (0x4008_0000, 0x4008_0000, 100, 100)), Initrd = new byte[1] });
    }

    private static void Refused(string message, BootFiles files) =>
        Assert.Contains(message, Assert.Throws<BootImageException>(() => BootPlanner.Create(files, Board)).Message);

    private static uint ReadItem(Devices.FwCfg.FwCfgDevice device, ushort key)
    {
        Assert.True(device.TryWrite(8, 2, BinaryPrimitives.ReverseEndianness(key)));
        Assert.True(device.TryRead(0, 4, out var value));
        return (uint)value;
    }
}
