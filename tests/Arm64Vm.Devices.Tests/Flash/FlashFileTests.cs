using Arm64Vm.Devices.Flash;

namespace Arm64Vm.Devices.Tests.Flash;

public sealed class FlashFileTests : IDisposable
{
    private const int Size = 1 << 20;
    private const uint Sector = 256 * 1024;

    private readonly string _path = Path.GetTempFileName();
    private readonly byte[] _contents = new byte[Size];

    public FlashFileTests() => File.WriteAllBytes(_path, _contents);

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void WhatTheGuestChangesIsInTheFileAtOnce()
    {
        using var file = new FlashFile(_path);
        var flash = new CfiFlash(_contents, store: file);
        flash.Write(Sector, 0x0020_0020);
        flash.Write(Sector, 0x00D0_00D0); // erase
        flash.Write(Sector + 8, 0x0040_0040);
        flash.Write(Sector + 8, 0x1234_5678); // program
        flash.Write(Sector + 0x100, 0x00E8_00E8);
        flash.Write(Sector + 0x100, 0x0001_0001); // two words
        flash.Write(Sector + 0x100, 0x1111_1111);
        flash.Write(Sector + 0x104, 0x2222_2222);
        flash.Write(Sector + 0x100, 0x00D0_00D0);
        var expected = new byte[Size];
        expected.AsSpan((int)Sector, (int)Sector).Fill(0xFF);
        BitConverter.TryWriteBytes(expected.AsSpan((int)Sector + 8), 0x1234_5678);
        BitConverter.TryWriteBytes(expected.AsSpan((int)Sector + 0x100), 0x2222_2222_1111_1111);
        Assert.Equal(expected, _contents);
        Assert.Equal(expected, ReadWhileOpen());
    }

    [Theory]
    [InlineData(0x20u, 0xD0u, 0x00A0_00A0u)]
    [InlineData(0x40u, 0x00u, 0x0090_0090u)]
    public void ACommandThatCannotBeKeptFailsAndChangesNothing(uint first, uint second, uint status)
    {
        var file = new FlashFile(_path);
        file.Dispose();
        _contents.AsSpan().Fill(0xA5);
        var flash = new CfiFlash(_contents, store: file);
        flash.Write(0, first);
        flash.Write(0, second);
        Assert.Equal(status, flash.Read(0));
        Assert.Equal(-1, _contents.AsSpan().IndexOfAnyExcept((byte)0xA5));
        flash.Write(0, 0x0050_0050); // clear the status
        flash.Write(0, 0x0070_0070);
        Assert.Equal(0x0080_0080u, flash.Read(0));
    }

    [Fact]
    public void AFileHasOneOwner()
    {
        using var file = new FlashFile(_path);
        Assert.Equal(Size, file.Length);
        Assert.ThrowsAny<IOException>(() => new FlashFile(_path));
        Assert.ThrowsAny<IOException>(() => new FlashFile("/nonexistent/vars"));
    }

    /// <summary>.NET's locks are advisory, and cat(1) does not ask.</summary>
    private byte[] ReadWhileOpen()
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("cat", _path) { RedirectStandardOutput = true })!;
        using var contents = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(contents);
        process.WaitForExit();
        return contents.ToArray();
    }
}
