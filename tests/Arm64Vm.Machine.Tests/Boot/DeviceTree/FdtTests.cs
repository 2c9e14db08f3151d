using System.Buffers.Binary;
using Arm64Vm.Machine.Boot;
using Arm64Vm.Machine.Boot.DeviceTree;
using Arm64Vm.Machine.Memory;
using CsCheck;

namespace Arm64Vm.Machine.Tests.Boot.DeviceTree;

public class FdtTests
{
    [Fact]
    public void RoundTripKeepsEverything()
    {
        var tree = new DeviceTreeBlob { BootCpu = 3 };
        tree.Reservations.Add(new Region(0x4000_0000, 0x1000));
        tree.Root.SetCells("#address-cells", 2).SetFlag("flag").SetStrings("compatible", "a,b", "c");
        tree.Root.AddChild("node@1").SetNumbers("reg", 1, ulong.MaxValue).AddChild("leaf").Set("odd", [1, 2, 3]);

        var read = DeviceTreeBlob.Parse(tree.Serialize(100));

        Assert.Equal(3u, read.BootCpu);
        Assert.Equal([new Region(0x4000_0000, 0x1000)], read.Reservations);
        Assert.Equal(2u, read.Root.FindCell("#address-cells"));
        Assert.Empty(read.Root.FindProperty("flag")!);
        Assert.Equal("a,b\0c\0"u8, read.Root.FindProperty("compatible")!);
        Assert.Equal([1, 2, 3], read.Find("/node@1/leaf")!.FindProperty("odd"));
        Assert.Equal(16, read.Find("/node@1")!.FindProperty("reg")!.Length);
        Assert.Null(read.Find("/node@2"));
        Assert.Equal(tree.Serialize(), read.Serialize());
    }

    [Fact]
    public void SpareBytesCountIntoTheTotalSize()
    {
        var tree = new DeviceTreeBlob();
        var plain = tree.Serialize();
        var spare = tree.Serialize(4096);
        Assert.Equal(plain.Length + 4096, spare.Length);
        Assert.Equal((uint)spare.Length, BinaryPrimitives.ReadUInt32BigEndian(spare.AsSpan(4)));
    }

    [Fact]
    public void DamagedTreesAreRefusedNotCrashedOn()
    {
        var good = VirtDeviceTree.Build(new VirtBoard { RamSize = 1ul << 30, CpuCount = 2 }).Serialize();
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte, Gen.Int[0, 60], Gen.Byte, Gen.Int[0, good.Length]).Sample(
            (at, value, headerAt, headerValue, length) =>
            {
                var bad = good.AsSpan(0, Math.Max(1, length)).ToArray();
                bad[at % bad.Length] = value;
                bad[headerAt % bad.Length] = headerValue;
                OnlyBootImageException(() => DeviceTreeBlob.Parse(bad));
                var full = (byte[])good.Clone();
                full[at] = value;
                OnlyBootImageException(() => DeviceTreeBlob.Parse(full));
            },
            iter: 3000);
    }

    [Fact]
    public void NestingIsBounded()
    {
        var tree = new DeviceTreeBlob();
        var node = tree.Root;
        for (var i = 0; i < 100; i++)
            node = node.AddChild("n");
        Assert.Throws<BootImageException>(() => DeviceTreeBlob.Parse(tree.Serialize()));
    }

    [Theory]
    [InlineData(1u, 1u, 8)]
    [InlineData(2u, 1u, 12)]
    [InlineData(2u, 2u, 16)]
    public void MemoryIsReplacedInTheTreesOwnCells(uint addressCells, uint sizeCells, int length)
    {
        var tree = new DeviceTreeBlob();
        tree.Root.SetCells("#address-cells", addressCells).SetCells("#size-cells", sizeCells);
        tree.Root.AddChild("memory@80000000");
        tree.Root.AddChild("memory");
        DeviceTreePatch.SetMemory(tree, new Region(0x4000_0000, 0x1000_0000));
        Assert.Equal(["memory@40000000"], tree.Root.Children.Select(child => child.Name));
        Assert.Equal(length, tree.Find("/memory@40000000")!.FindProperty("reg")!.Length);
    }

    [Fact]
    public void MemoryThatCellsCannotHoldIsRefused()
    {
        var tree = new DeviceTreeBlob();
        tree.Root.SetCells("#address-cells", 1).SetCells("#size-cells", 1);
        Assert.Throws<BootImageException>(() => DeviceTreePatch.SetMemory(tree, new Region(0x4000_0000, 8ul << 30)));
    }

    private static void OnlyBootImageException(Action action)
    {
        try
        {
            action();
        }
        catch (BootImageException)
        {
        }
    }
}
