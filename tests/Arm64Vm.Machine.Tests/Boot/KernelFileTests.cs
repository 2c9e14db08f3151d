using System.Diagnostics;
using System.IO.Compression;
using Arm64Vm.Cpu;
using Arm64Vm.Machine.Boot.Images;
using Arm64Vm.Machine.Memory;
using Arm64Vm.Machine.Tests.Boot.Images;

namespace Arm64Vm.Machine.Tests.Boot;

/// <summary>Kernels that go from their file into RAM without being in memory first.</summary>
public sealed class KernelFileTests : IDisposable
{
    private const ulong Limit = 256 << 20;
    private static readonly Region Ram = MemoryMap.Ram(Limit);
    private readonly string _path = Path.GetTempFileName();
    private readonly List<IDisposable> _files = [];

    public void Dispose()
    {
        _files.ForEach(file => file.Dispose());
        File.Delete(_path);
    }

    [Fact]
    public void AnImageStaysInItsFileAndIsPlacedAsOneInMemory()
    {
        var image = KernelLoaderTests.Image(0, 0x10_0000, 0x2_3456);
        new Random(1).NextBytes(image.AsSpan(LinuxImage.HeaderSize));
        var file = Open(image, out var head);
        Assert.NotNull(file);
        Assert.Equal(image[..LinuxImage.HeaderSize], head.ToArray());
        var (direct, whole) = (LinuxImage.Load(head, file, Ram), KernelLoader.Load(image, Ram));
        Assert.Equal((whole.Kind, whole.EntryPoint, whole.End), (direct.Kind, direct.EntryPoint, direct.End));

        var memory = new Bytes(direct.EntryPoint, image.Length);
        Assert.True(Assert.Single(direct.Segments).File!.TryWriteTo(memory, direct.EntryPoint));
        Assert.Equal(image, memory.Contents);
    }

    [Fact]
    public void WhatHasToBeUnpackedIsReadWhole()
    {
        using var packed = new MemoryStream();
        using (var packer = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            packer.Write(KernelLoaderTests.Image(0, 0x10_0000, 0x2000));
        Assert.Null(Open(packed.ToArray(), out var bytes));
        Assert.Equal(packed.ToArray(), bytes.ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(100)]
    public void CodeWithoutAHeaderIsReadWhole(int length)
    {
        Assert.Null(Open(new byte[length], out var bytes));
        Assert.Equal(length, bytes.Length);
    }

    [Fact]
    public void AnImageThatBecomesShorterMeanwhileIsAnError()
    {
        var file = Open(KernelLoaderTests.Image(0, 0x10_0000, 0x2_0000), out _)!;
        using (var shorter = new Process { StartInfo = new ProcessStartInfo("truncate", ["-s", "64", _path]) })
        {
            Assert.True(shorter.Start());
            shorter.WaitForExit();
        }

        var error = Assert.Throws<IOException>(() => file.TryWriteTo(new Bytes(0, 0x2_0000), 0));
        Assert.Contains("became shorter", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnImageThatIsLargerThanRamIsRefusedUnread()
    {
        File.WriteAllBytes(_path, KernelLoaderTests.Image(0, 0x10_0000, 0x2_0000));
        using (var longer = File.OpenWrite(_path))
            longer.SetLength((long)Limit + 1);
        var file = BootSource.OpenKernel(_path, "kernel", Limit, _files, out var head)!;
        var error = Assert.Throws<BootImageException>(() => LinuxImage.Load(head, file, Ram));
        Assert.Contains("The kernel needs", error.Message, StringComparison.Ordinal);
    }

    private FileBytes? Open(byte[] contents, out ReadOnlyMemory<byte> bytes)
    {
        File.WriteAllBytes(_path, contents);
        return BootSource.OpenKernel(_path, "kernel", Limit, _files, out bytes);
    }

    /// <summary>Memory from an address on.</summary>
    private sealed class Bytes(ulong address, int length) : IGuestMemory
    {
        public byte[] Contents { get; } = new byte[length];

        public bool TryRead(ulong physicalAddress, Span<byte> destination) => false;

        public bool TryWrite(ulong physicalAddress, ReadOnlySpan<byte> source)
        {
            source.CopyTo(Contents.AsSpan((int)(physicalAddress - address)));
            return true;
        }

        public ReadOnlySpan<byte> Map(ulong physicalAddress, ulong length) => default;

        public Span<byte> MapForWriting(ulong physicalAddress, ulong length) => default;

        public void Discard(ulong physicalAddress, ulong length)
        {
        }

        public void NotifyWritten(ulong physicalAddress, ulong length)
        {
        }
    }
}
