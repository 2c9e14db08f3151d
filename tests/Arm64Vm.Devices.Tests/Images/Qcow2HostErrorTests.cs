using Arm64Vm.Devices.Images;
using Arm64Vm.Devices.Images.Qcow2;

namespace Arm64Vm.Devices.Tests.Images;

/// <summary>A full host: what fails is said to fail, and once there is room again everything goes on, right.</summary>
public sealed class Qcow2HostErrorTests : IDisposable
{
    private readonly ImageFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(512, 1)]
    [InlineData(4096, 16)]
    [InlineData(65536, 16)]
    public void WhatFailedCanBeDoneAgain(int clusterSize, int refcountBits)
    {
        const int Size = 2 << 20;
        var random = new Random(clusterSize);
        var path = _folder.MakeQcow2("disk.qcow2", Size, new Qcow2Options { ClusterSize = clusterSize, RefcountBits = refcountBits });
        var file = new FailingImageFile(path);
        var model = new byte[Size];
        var failures = 0;
        using (var image = new Qcow2Image(file, Qcow2Header.Read(file), backing: null))
        {
            for (var operation = 0; operation < 1500; operation++)
            {
                var offset = random.Next(Size / 512) * 512;
                var content = new byte[Math.Min(Size - offset, random.Next(1, 40) * 512)];
                if (random.Next(4) != 0)
                    random.NextBytes(content);
                var kind = random.Next(5);
                file.Budget = random.Next(3) == 0 ? random.Next(content.Length + 2000) : long.MaxValue;
                var done = Do(image, kind, (ulong)offset, content);
                if (!done)
                {
                    failures++;
                    file.Budget = long.MaxValue;
                    Assert.Null(image.Damage);
                    Assert.True(Do(image, kind, (ulong)offset, content));
                }

                if (kind < 3)
                    content.CopyTo(model, offset);
                else if (kind == 3)
                    model.AsSpan(offset, content.Length).Clear();
            }

            file.Budget = long.MaxValue;
            AssertContent(image);
        }

        Assert.True(failures > 50, $"{failures} failures");
        ImageFolder.AssertClean(path);
        using (var again = DiskImage.Open(path, readOnly: true))
            AssertContent(again.Qcow2!);

        void AssertContent(Qcow2Image image)
        {
            var bytes = new byte[Size];
            Assert.True(image.TryRead(0, bytes));
            Assert.Equal(model, bytes);
        }
    }

    private static bool Do(Qcow2Image image, int kind, ulong offset, byte[] content) => kind switch
    {
        < 3 => image.TryWrite(offset, content),
        3 => image.TryWriteZeroes(offset, (ulong)content.Length, mayUnmap: content.Length % 1024 == 0),
        _ => image.TryFlush(),
    };

    /// <summary>A file on a host that has room for some bytes more; a write that does not fit is done as far as it fits.</summary>
    private sealed class FailingImageFile(string path) : ImageFile(File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite), path, isReadOnly: false)
    {
        public long Budget { get; set; } = long.MaxValue;

        public override void Write(long offset, ReadOnlySpan<byte> source)
        {
            var fits = (int)Math.Min(source.Length, Budget);
            Budget -= fits;
            base.Write(offset, source[..fits]);
            if (fits == source.Length)
                return;

            // As the real one does: nobody knows how far it came.
            base.Extend(offset + source.Length);
            throw new IOException("no space");
        }

        public override void Extend(long length)
        {
            if (Budget < 100)
                throw new IOException("no space");
            base.Extend(length);
        }
    }
}
