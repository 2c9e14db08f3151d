using System.Diagnostics;
using Arm64Vm.Devices.Virtio.Block;

namespace Arm64Vm.Devices.Tests.Virtio.Block;

public sealed class FileBlockBackendTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    /// <summary>A file of 1,234 bytes is a disk of three sectors: nothing of it is lost, and its length stays until the guest writes the last one.</summary>
    [Fact]
    public void TheTailOfAFileIsASectorWithZerosBehindIt()
    {
        File.WriteAllBytes(_path, [.. Enumerable.Repeat((byte)7, 1234)]);
        using (var file = new FileBlockBackend(_path, readOnly: false))
        {
            Assert.Equal(1536ul, file.Size);
            var sector = new byte[512];
            Assert.True(file.TryRead(1024, sector));
            Assert.Equal((byte[])[.. Enumerable.Repeat((byte)7, 210), .. new byte[302]], sector);
            Assert.True(file.TryWrite(512, sector));
            Assert.True(file.TryDiscard(1024, 512));
            Assert.Equal(1234, new FileInfo(_path).Length);
            sector.AsSpan().Fill(9);
            Assert.True(file.TryWrite(1024, sector));
            Assert.Equal(1536, new FileInfo(_path).Length);
            Assert.True(file.TryRead(1024, sector));
            Assert.Equal(9, sector[511]);
        }
    }

    [Fact]
    public void ReadsAndWritesTheFile()
    {
        File.WriteAllBytes(_path, [.. Enumerable.Range(0, 1024).Select(i => (byte)i)]);
        using (var file = new FileBlockBackend(_path, readOnly: false))
        {
            Assert.Equal(1024ul, file.Size);
            Assert.True(file.TryWrite(10, [1, 2, 3]));
            var bytes = new byte[512];
            Assert.True(file.TryRead(0, bytes));
            Assert.Equal([9, 1, 2, 3, 13], bytes[9..14]);
            Assert.True(file.TryFlush());
            var again = new byte[512];
            if (file.TryReadAtOnce(0, again))
                Assert.Equal(bytes, again);
        }

        using var readOnly = new FileBlockBackend(_path, readOnly: true);
        Assert.False(readOnly.TryWrite(0, [1]));
        Assert.False(readOnly.TryDiscard(0, 512));
        Assert.False(readOnly.TryWriteZeroes(0, 512, mayUnmap: true));
    }

    [Fact]
    public void WhatSomebodyElseHasCutOffCannotBeRead()
    {
        File.WriteAllBytes(_path, new byte[8192]);
        using var file = new FileBlockBackend(_path, readOnly: true);
        Truncate(4096);
        Assert.True(file.TryRead(0, new byte[4096]));
        Assert.False(file.TryRead(4096, new byte[512]));
        Assert.False(file.TryRead(2048, new byte[4096]));
        Assert.False(file.TryReadAtOnce(2048, new byte[4096]));
    }

    [Fact]
    public void ADiscardedRangeIsAHole()
    {
        File.WriteAllBytes(_path, [.. Enumerable.Repeat((byte)0xAA, 1 << 20)]);
        using (var file = new FileBlockBackend(_path, readOnly: false))
        {
            Assert.True(file.TryDiscard(64 << 10, 512 << 10));
            Assert.True(file.TryWriteZeroes(4096, 4096, mayUnmap: true));
            Assert.True(file.TryWriteZeroes(16384, 1000, mayUnmap: false));
            Assert.True(file.TryFlush());
        }

        var bytes = File.ReadAllBytes(_path);
        Assert.Equal(1 << 20, bytes.Length);
        Assert.Equal(-1, bytes.AsSpan(4096, 4096).IndexOfAnyExcept((byte)0));
        Assert.Equal(-1, bytes.AsSpan(16384, 1000).IndexOfAnyExcept((byte)0));
        Assert.Equal(0xAA, bytes[17384]);
        var discarded = bytes.AsSpan(64 << 10, 512 << 10);
        if (discarded[0] == 0)
        {
            Assert.Equal(-1, discarded.IndexOfAnyExcept((byte)0));
            Assert.InRange(BlocksOf(_path) * 512, 0, 600 << 10);
        }
    }

    [Fact]
    public void AWrittenFileHasOneUser()
    {
        File.WriteAllBytes(_path, new byte[4096]);
        using (new FileBlockBackend(_path, readOnly: false))
        {
            Assert.Contains("in use by another machine", Assert.Throws<IOException>(() => new FileBlockBackend(_path, readOnly: false)).Message, StringComparison.Ordinal);
            Assert.Contains("being written", Assert.Throws<IOException>(() => new FileBlockBackend(_path, readOnly: true)).Message, StringComparison.Ordinal);
        }

        using var first = new FileBlockBackend(_path, readOnly: true);
        using var second = new FileBlockBackend(_path, readOnly: true);
        Assert.Throws<IOException>(() => new FileBlockBackend(_path, readOnly: false));
    }

    [Theory]
    [InlineData("51 46 49 FB", "qcow2")]
    [InlineData("51 45 44 00", "QED")]
    [InlineData("4B 44 4D 56", "VMDK")]
    [InlineData("76 68 64 78 66 69 6C 65", "VHDX")]
    [InlineData("63 6F 6E 65 63 74 69 78", "VHD")]
    public void ImagesThatAreNotRawAreNamed(string signature, string format)
    {
        byte[] start = [.. signature.Split(' ').Select(text => Convert.ToByte(text, 16))];
        File.WriteAllBytes(_path, [.. start, .. new byte[4096]]);
        Assert.Contains($"is a {format} image", Assert.Throws<IOException>(() => new FileBlockBackend(_path, readOnly: true)).Message, StringComparison.Ordinal);
        File.WriteAllBytes(_path, [.. start.AsSpan(1), .. new byte[4096]]);
        using var raw = new FileBlockBackend(_path, readOnly: false);
        Assert.Equal(4608ul, raw.Size);
    }

    [Fact]
    public void AVirtualBoxImageHasItsSignatureFurtherOn()
    {
        File.WriteAllBytes(_path, [.. new byte[0x40], 0x7F, 0x10, 0xDA, 0xBE, .. new byte[4096]]);
        Assert.Contains("VDI", Assert.Throws<IOException>(() => new FileBlockBackend(_path, readOnly: false)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LessThanASectorIsNoDisk()
    {
        File.WriteAllBytes(_path, new byte[511]);
        Assert.Contains("511 bytes", Assert.Throws<IOException>(() => new FileBlockBackend(_path, readOnly: true)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFullFileSystemIsAnErrorOfTheWrite()
    {
        // The smallest full disk of the host: every write to it fails with ENOSPC.
        using var full = new FileBlockBackend(File.OpenHandle("/dev/full", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite), 4096);
        Assert.False(full.TryWrite(0, new byte[512]));
    }

    private void Truncate(long length)
    {
        using var process = Process.Start("truncate", ["-s", length.ToString(), _path]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private static long BlocksOf(string path)
    {
        using var process = Process.Start(new ProcessStartInfo("stat", ["-c", "%b", path]) { RedirectStandardOutput = true })!;
        return long.Parse(process.StandardOutput.ReadToEnd());
    }
}
