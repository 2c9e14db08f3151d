using System.Text;
using Arm64Vm.Devices.Sharing;
using Arm64Vm.Devices.Virtio;
using Arm64Vm.Devices.Virtio.Share;

namespace Arm64Vm.Devices.Tests.Virtio.Share;

public sealed class VirtioShareTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("arm64vm");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ARequestIsAnsweredAndAResetClosesEverything(bool hasThread)
    {
        using var folder = new SharedFolder(_folder.FullName, isReadOnly: false);
        using var device = new VirtioShare(folder, "host", hasThread);
        var driver = new TestDriver((memory, line) => new VirtioMmioTransport(line, memory, device), features: 1);
        Assert.Equal(9u, driver.Transport.Read(0x08));
        Assert.Equal([4, 0, (byte)'h', (byte)'o', (byte)'s', (byte)'t'], Enumerable.Range(0, 6).Select(i => driver.Transport.TryRead(0x100 + (ulong)i, 1, out var value) ? (byte)value : default));
        byte[] version = [21, 0, 0, 0, 100, 0xFF, 0xFF, 0, 0x20, 0, 0, 8, 0, .. "9P2000.L"u8];
        var reply = driver.Submit(0, [version], 7, 100);
        driver.Notify(0);
        Wait(() => driver.Used(0) == 1);
        Assert.Equal(21u, driver.LastLength(0));
        Assert.Equal([21, 0, 0, 0, 101, 0xFF, 0xFF], driver.Memory.At(reply[0], 7).ToArray());
        byte[] attach = [27, 0, 0, 0, 104, 1, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 4, 0, .. "root"u8, 0, 0, 0, 0, 0, 0];
        driver.Submit(0, [attach], 64);
        driver.Notify(0);
        Wait(() => driver.Used(0) == 2);
        Assert.Equal(20u, driver.LastLength(0));
        Assert.Equal(1, folder.Server.FidCount);

        // A request without room for an answer comes back empty.
        driver.Submit(0, [attach], 4);
        driver.Notify(0);
        Wait(() => driver.Used(0) == 3);
        Assert.Equal(0u, driver.LastLength(0));
        driver.Transport.Write(0x70, 0);
        device.Quiesce();
        device.Dispose();
        Assert.Equal(0, folder.Server.FidCount);
    }

    [Fact]
    public void WhatIsNoFolderIsRefused()
    {
        var file = Path.Combine(_folder.FullName, "file");
        File.WriteAllText(file, "");
        Assert.Contains("is no folder", Assert.Throws<IOException>(() => new SharedFolder(file, isReadOnly: true)).Message, StringComparison.Ordinal);
        Assert.Contains("is no folder", Assert.Throws<IOException>(() => new SharedFolder(file + "x", isReadOnly: true)).Message, StringComparison.Ordinal);
        using var folder = new SharedFolder(_folder.FullName, isReadOnly: true);
        Assert.Throws<ArgumentException>(() => new VirtioShare(folder, ""));
        Assert.Throws<ArgumentException>(() => new VirtioShare(folder, new string('x', 32)));
    }

    private static void Wait(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, TimeSpan.FromSeconds(20)));
}
