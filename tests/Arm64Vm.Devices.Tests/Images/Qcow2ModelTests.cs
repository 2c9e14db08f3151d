using Arm64Vm.Devices.Images;

namespace Arm64Vm.Devices.Tests.Images;

/// <summary>Random operations on an image and on plain bytes have the same effect, and leave no image with wrong counts.</summary>
public sealed class Qcow2ModelTests : IDisposable
{
    private const int Operations = 10_000;

    private readonly ImageFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(64 << 10, 16, 24 << 20, false)]
    [InlineData(64 << 10, 16, 24 << 20, true)]
    [InlineData(512, 1, (3 << 20) + 512, false)]
    [InlineData(512, 64, 2 << 20, true)]
    [InlineData(4096, 2, (8 << 20) + 1024, true)]
    [InlineData(2 << 20, 4, 40 << 20, false)]
    public void AnImageBehavesAsADisk(int clusterSize, int refcountBits, int size, bool hasBacking)
    {
        var random = new Random(clusterSize + refcountBits);
        var bytes = new byte[size];
        if (hasBacking)
        {
            // Shorter than the disk, and not by whole clusters.
            var below = bytes.AsSpan(0, size * 2 / 3 / 512 * 512);
            random.NextBytes(below);
            File.WriteAllBytes(_folder["base.img"], below);
        }

        var path = _folder.MakeQcow2("disk.qcow2", (ulong)size, new Qcow2Options
        {
            ClusterSize = clusterSize,
            RefcountBits = refcountBits,
            BackingFile = hasBacking ? "base.img" : null,
            BackingFormat = hasBacking ? DiskFormat.Raw : null,
        });
        var model = new DiskModel(bytes);
        for (var done = 0; done < Operations; done += Operations / 10)
        {
            using (var image = DiskImage.Open(path, readOnly: false))
            {
                Assert.Equal((DiskFormat.Qcow2, (ulong)size), (image.Format, image.Disk.Size));
                for (var i = 0; i < Operations / 10; i++)
                    model.Step(random, image.Disk, largest: Math.Min(300_000, size / 8));
            }

            ImageFolder.AssertClean(path);
        }

        using (var image = DiskImage.Open(path, readOnly: true))
            model.AssertAll(image.Disk);
        if (QemuImg.IsInstalled)
            QemuImg.Check(path);
    }
}
