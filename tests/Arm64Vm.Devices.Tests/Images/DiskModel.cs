using Arm64Vm.Devices.Virtio.Block;

namespace Arm64Vm.Devices.Tests.Images;

/// <summary>What a disk must contain: the same operations on plain bytes. Discarded ranges may read as what they were or as zeros.</summary>
internal sealed class DiskModel(byte[] bytes)
{
    private readonly bool[] _isDiscarded = new bool[bytes.Length];

    public byte[] Bytes => bytes;

    /// <summary>Does a random operation on both and compares what is read.</summary>
    public void Step(Random random, IBlockBackend disk, int largest = 300_000)
    {
        var offset = random.Next(3) == 0 ? random.Next(bytes.Length / 512) * 512 : random.Next(bytes.Length);
        var length = Math.Min(bytes.Length - offset, random.Next(4) == 0 ? random.Next(largest) : random.Next(6000));
        switch (random.Next(20))
        {
            case < 8:
                Write(disk, offset, Content(random, length));
                break;
            case < 14:
                AssertRead(disk, offset, length);
                break;
            case < 16:
                Discard(disk, offset, length);
                break;
            case < 18:
                WriteZeroes(disk, offset, length, random.Next(2) == 0);
                break;
            case 18:
                AssertReadAtOnce(disk, offset, length);
                break;
            default:
                Assert.True(disk.TryFlush());
                break;
        }
    }

    public void Write(IBlockBackend disk, int offset, byte[] content)
    {
        Assert.True(disk.TryWrite((ulong)offset, content));
        content.CopyTo(bytes, offset);
        _isDiscarded.AsSpan(offset, content.Length).Clear();
    }

    public void Discard(IBlockBackend disk, int offset, int length)
    {
        Assert.True(disk.TryDiscard((ulong)offset, (ulong)length));
        _isDiscarded.AsSpan(offset, length).Fill(true);
    }

    public void WriteZeroes(IBlockBackend disk, int offset, int length, bool mayUnmap)
    {
        Assert.True(disk.TryWriteZeroes((ulong)offset, (ulong)length, mayUnmap));
        bytes.AsSpan(offset, length).Clear();
        _isDiscarded.AsSpan(offset, length).Clear();
    }

    public void AssertRead(IBlockBackend disk, int offset, int length)
    {
        var read = new byte[length];
        Assert.True(disk.TryRead((ulong)offset, read));
        AssertContent(read, offset);
    }

    public void AssertAll(IBlockBackend disk) => AssertRead(disk, 0, bytes.Length);

    public void AssertContent(ReadOnlySpan<byte> read, int offset)
    {
        for (var i = 0; i < read.Length; i++)
        {
            if (read[i] != bytes[offset + i] && !(_isDiscarded[offset + i] && read[i] == 0))
                Assert.Fail($"byte {offset + i} is 0x{read[i]:x2}, not 0x{bytes[offset + i]:x2}");
        }
    }

    private void AssertReadAtOnce(IBlockBackend disk, int offset, int length)
    {
        var read = new byte[length];
        if (disk.TryReadAtOnce((ulong)offset, read))
            AssertContent(read, offset);
    }

    private static byte[] Content(Random random, int length)
    {
        var content = new byte[length];
        if (random.Next(8) != 0)
            random.NextBytes(content);
        return content;
    }
}
