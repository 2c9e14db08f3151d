using Arm64Vm.Devices.Virtio.Block;

namespace Arm64Vm.Devices.Tests.Virtio.Block;

public sealed class OverlayBlockBackendTests
{
    [Fact]
    public void OverlayKeepsTheDiskBelowUntouched()
    {
        var below = new MemoryBackend(200 * 1024);
        new Random(1).NextBytes(below.Bytes);
        var before = (byte[])below.Bytes.Clone();
        var model = (byte[])before.Clone();
        using var overlay = new OverlayBlockBackend(below, Path.GetTempPath());
        var random = new Random(2);
        for (var i = 0; i < 200; i++)
        {
            var offset = random.Next(model.Length);
            var bytes = new byte[random.Next(Math.Min(100_000, model.Length - offset) + 1)];
            if (i % 2 == 0)
            {
                random.NextBytes(bytes);
                Assert.True(overlay.TryWrite((ulong)offset, bytes));
                bytes.CopyTo(model, offset);
            }
            else
            {
                Assert.True(overlay.TryRead((ulong)offset, bytes));
                Assert.Equal(model[offset..(offset + bytes.Length)], bytes);
            }
        }

        Assert.Equal(before, below.Bytes);
    }

    [Fact]
    public void TheLastPartOfABlockIsKept()
    {
        var below = new MemoryBackend(4096 + 512);
        using var overlay = new OverlayBlockBackend(below, Path.GetTempPath());
        Assert.True(overlay.TryWrite(4096 + 256, [1, 2, 3]));
        var tail = new byte[512];
        Assert.True(overlay.TryRead(4096, tail));
        Assert.Equal([0, 1, 2, 3, 0], tail[255..260]);
    }

    [Fact]
    public void AnErrorBelowFailsWhatNeedsIt()
    {
        var below = new MemoryBackend(16 * 4096);
        using var overlay = new OverlayBlockBackend(below, Path.GetTempPath());
        Assert.True(overlay.TryWrite(0, new byte[4096]));
        below.Fails = true;
        Assert.True(overlay.TryRead(0, new byte[4096]));
        Assert.False(overlay.TryRead(0, new byte[8192]));
        Assert.False(overlay.TryWrite(4096, new byte[512]));
        Assert.True(overlay.TryWrite(4096, new byte[4096]));
        Assert.True(overlay.TryRead(0, new byte[8192]));
    }

    [Fact]
    public void NothingIsLeftInTheFolder()
    {
        var folder = Directory.CreateTempSubdirectory("arm64vm");
        using (var overlay = new OverlayBlockBackend(new MemoryBackend(4096), folder.FullName))
            Assert.True(overlay.TryWrite(0, new byte[4096]));
        Assert.Empty(folder.EnumerateFileSystemInfos());
        folder.Delete();
    }

    [Fact]
    public void AFolderThatIsNotThereIsSaid() =>
        Assert.ThrowsAny<IOException>(() => new OverlayBlockBackend(new MemoryBackend(4096), "/nowhere/at/all"));
}
