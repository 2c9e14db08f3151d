using Arm64Vm.Devices.Images;
using Arm64Vm.Devices.Images.Qcow2;
using Arm64Vm.Devices.Virtio.Block;

namespace Arm64Vm.Devices.Tests.Images;

/// <summary>Whenever the process is killed or the host loses power, the image opens, has no wrong count, and has what was flushed.</summary>
public sealed class Qcow2CrashTests : IDisposable
{
    private const int DiskSize = 1 << 20;

    private readonly ImageFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(512, 16, 1)]
    [InlineData(512, 64, 2)]
    [InlineData(4096, 16, 3)]
    [InlineData(65536, 16, 4)]
    public void WhatIsFlushedIsThereAtEveryPoint(int clusterSize, int refcountBits, int seed)
    {
        var random = new Random(seed);
        var below = new byte[DiskSize / 2];
        random.NextBytes(below);
        File.WriteAllBytes(_folder["base.img"], below);
        var path = _folder.MakeQcow2("disk.qcow2", DiskSize, new Qcow2Options { ClusterSize = clusterSize, RefcountBits = refcountBits, BackingFile = "base.img", BackingFormat = DiskFormat.Raw });
        var file = new RecordingImageFile(path);
        using var backing = new FileBlockBackend(_folder["base.img"], readOnly: true);
        using var image = new Qcow2Image(file, Qcow2Header.Read(file), backing);
        var history = new SectorHistory(DiskSize, below);
        List<(int Change, int Time)> flushes = [(0, 0)];
        for (var operation = 0; operation < 400; operation++)
        {
            var (offset, sectors) = (random.Next(DiskSize / 512), 1 + random.Next(random.Next(5) == 0 ? 300 : 12));
            sectors = Math.Min(sectors, (DiskSize / 512) - offset);
            switch (random.Next(8))
            {
                case 0:
                    // The last moment at which the flush can have counted is its end.
                    Assert.True(image.TryFlush());
                    flushes.Add((file.Count, history.Time));
                    break;
                case 1:
                    Assert.True(image.TryDiscard((ulong)offset * 512, (ulong)sectors * 512));
                    history.Note(offset, sectors, content: null, isDiscard: true);
                    break;
                case 2:
                    Assert.True(image.TryWriteZeroes((ulong)offset * 512, (ulong)sectors * 512, random.Next(2) == 0));
                    history.Note(offset, sectors, content: null, isDiscard: false);
                    break;
                default:
                    var content = new byte[sectors * 512];
                    random.NextBytes(content);
                    Assert.True(image.TryWrite((ulong)offset * 512, content));
                    history.Note(offset, sectors, content, isDiscard: false);
                    break;
            }
        }

        for (var round = 0; round < 150; round++)
        {
            var count = 1 + random.Next(file.Count);
            var dead = round % 2 == 0 ? file.AfterKill(count) : file.AfterPowerLoss(count, random);
            var flushed = flushes.Last(flush => flush.Change <= count).Time;
            AssertSurvives(dead, history, flushed, $"after {count} of {file.Count} changes");
        }
    }

    private void AssertSurvives(byte[] dead, SectorHistory history, int flushed, string when)
    {
        var path = _folder["dead.qcow2"];
        File.WriteAllBytes(path, dead);
        var check = ImageFolder.Check(path);
        Assert.True(check.Errors == 0, $"{when}: {string.Join("; ", check.Messages.Take(3))}");
        using (var image = DiskImage.Open(path, readOnly: false))
        {
            var bytes = new byte[DiskSize];
            Assert.True(image.Disk.TryRead(0, bytes));
            for (var sector = 0; sector < DiskSize / 512; sector++)
                Assert.True(history.Allows(sector, bytes.AsSpan(sector * 512, 512), flushed), $"{when}: sector {sector} has neither what was flushed nor anything later");

            // It also still works.
            Assert.True(image.Disk.TryWrite(512, new byte[100_000]));
            Assert.True(image.Disk.TryFlush());
        }

        Assert.Equal(0, ImageFolder.Check(path).Errors);
    }

    /// <summary>Everything that a sector has ever been, and when.</summary>
    private sealed class SectorHistory
    {
        private readonly List<(int Time, byte[]? Content, bool IsDiscard)>[] _sectors;

        public SectorHistory(int size, byte[] below)
        {
            _sectors = new List<(int, byte[]?, bool)>[size / 512];
            for (var i = 0; i < _sectors.Length; i++)
                _sectors[i] = [(0, i * 512 < below.Length ? below[(i * 512)..((i + 1) * 512)] : null, false)];
        }

        public int Time { get; private set; }

        public void Note(int first, int count, byte[]? content, bool isDiscard)
        {
            Time++;
            for (var i = 0; i < count; i++)
                _sectors[first + i].Add((Time, content?[(i * 512)..((i + 1) * 512)], isDiscard));
        }

        /// <summary>A sector may be what it was at a time, or later; a discarded one also what it was before.</summary>
        public bool Allows(int sector, ReadOnlySpan<byte> found, int time)
        {
            var states = _sectors[sector];
            var first = states.FindLastIndex(state => state.Time <= time);
            while (first > 0 && states[first].IsDiscard)
                first--;
            for (var i = first; i < states.Count; i++)
            {
                if (states[i].Content is { } content ? found.SequenceEqual(content) : found.IndexOfAnyExcept((byte)0) < 0)
                    return true;
            }

            return false;
        }
    }
}
