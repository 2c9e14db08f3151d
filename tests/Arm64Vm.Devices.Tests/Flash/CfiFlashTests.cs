using Arm64Vm.Devices.Flash;

namespace Arm64Vm.Devices.Tests.Flash;

public sealed class CfiFlashTests
{
    private const int Size = 64 << 20;
    private const uint Sector = 256 * 1024;
    private readonly byte[] _contents = new byte[Size];
    private readonly List<bool> _modes = [];
    private readonly List<(uint, uint)> _changes = [];
    private CfiFlash _flash;

    public CfiFlashTests()
    {
        _contents.AsSpan().Fill(0xFF);
        _flash = Create();
    }

    [Fact]
    public void ReadsArrayInEveryWidth()
    {
        for (var i = 0; i < 16; i++)
            _contents[i] = (byte)(i + 1);
        Assert.Equal(0x01u, _flash.Read(0, 1));
        Assert.Equal(0x0302u, _flash.Read(1, 2));
        Assert.Equal(0x0807_0605u, _flash.Read(4));
        Assert.Equal(0x100F_0E0D_0C0B_0A09ul, _flash.ReadWide(8, 8));
        Assert.True(_flash.IsInReadArrayMode);
    }

    [Fact]
    public void IdentifierAndQueryAnswerInBothHalves()
    {
        _flash.Write(0, 0x0090_0090);
        Assert.Equal(0x0089_0089u, _flash.Read(0));
        Assert.Equal(0x0018_0018u, _flash.Read(4));
        Assert.Equal(0x0000_0000u, _flash.Read(8));
        Assert.Equal(0x0018_0018_0089_0089ul, _flash.ReadWide(0, 8));
        _flash.Write(0, 0x00FF_00FF);
        _flash.Write(0x55 * 4, 0x0098_0098);
        Assert.Equal((uint)('Q' | 'Q' << 16), _flash.Read(0x10 * 4));
        Assert.Equal((uint)'R', _flash.Read(0x11 * 4, 2));
        Assert.Equal((uint)'Y', _flash.Read(0x12 * 4, 1));
        Assert.Equal(0x0001_0001u, _flash.Read(0x13 * 4));
        Assert.Equal(25u, _flash.Read(0x27 * 4) & 0xFF); // each chip has 32 MiB
        Assert.Equal(255u, _flash.Read(0x2D * 4) & 0xFF); // 256 sectors
        Assert.Equal(0x200u, (_flash.Read(0x2F * 4) & 0xFF) | ((_flash.Read(0x30 * 4) & 0xFF) << 8)); // of 128 KiB
        Assert.Equal([false, true, false], _modes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WordProgramClearsBitsOnly(bool restore)
    {
        _flash.Write(0x100, 0x0040_0040);
        Reload(restore);
        _flash.Write(0x100, 0x1234_5678);
        Assert.Equal(0x0080_0080u, _flash.Read(0x100));
        _flash.Write(0, 0x0040_0040);
        _flash.Write(0x100, 0xFFFF_0000);
        _flash.Write(0, 0x00FF_00FF);
        Assert.Equal(0x1234_0000u, _flash.Read(0x100));
        Assert.Equal((0x100u, 4u), _changes[0]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void EraseFillsItsSectorWithOnes(bool restore)
    {
        _contents.AsSpan(0, (int)Sector * 3).Clear();
        _flash.Write(Sector + 0x40, 0x0020_0020);
        Reload(restore);
        _flash.Write(Sector + 0x40, 0x00D0_00D0);
        Assert.Equal(0x0080_0080u, _flash.Read(0));
        _flash.Write(0, 0xFF);
        Assert.Equal(0u, _flash.Read(Sector - 4));
        Assert.Equal(uint.MaxValue, _flash.Read(Sector));
        Assert.Equal(uint.MaxValue, _flash.Read(2 * Sector - 4));
        Assert.Equal(0u, _flash.Read(2 * Sector));
        Assert.Equal([(Sector, Sector)], _changes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void BufferedProgramWritesWhenConfirmed(bool restore)
    {
        _flash.Write(0x2000, 0x00E8_00E8);
        Assert.Equal(0x0080_0080u, _flash.Read(0x2000));
        _flash.Write(0x2000, 0x0003_0003);
        for (uint i = 0; i < 4; i++)
        {
            _flash.Write(0x2010 + 4 * i, 0x1111_1111 * (i + 1));
            Reload(restore && i == 1);
        }

        Assert.Equal(0xFF, _contents[0x2010]);
        _flash.Write(0x2000, 0x00D0_00D0);
        _flash.Write(0, 0x00FF_00FF);
        Assert.Equal(0x1111_1111u, _flash.Read(0x2010));
        Assert.Equal(0x4444_4444u, _flash.Read(0x201C));
        Assert.Equal(uint.MaxValue, _flash.Read(0x2020));
        Assert.Equal(uint.MaxValue, _flash.Read(0x200C));
    }

    [Fact]
    public void LargestBufferIs4KiB()
    {
        _flash.Write(0, 0xE8);
        _flash.Write(0, 1023);
        for (uint i = 0; i < 1024; i++)
            _flash.Write(4 * i, i);
        _flash.Write(0, 0xD0);
        _flash.Write(0, 0xFF);
        Assert.Equal(1023u, _flash.Read(4092));

        _flash.Write(0, 0xE8);
        _flash.Write(0, 1024);
        Assert.Equal(0x00B0_00B0u, _flash.Read(0));
    }

    [Fact]
    public void BufferedWordsOutsideTheBlockAreASequenceError()
    {
        _flash.Write(0, 0xE8);
        _flash.Write(0, 1);
        _flash.Write(0, 5);
        _flash.Write(0x10000, 5);
        Assert.Equal(0x00B0_00B0u, _flash.Read(0));
        _flash.Write(0, 0x50);
        _flash.Write(0, 0x70);
        Assert.Equal(0x0080_0080u, _flash.Read(0));
        Assert.Equal(0xFF, _contents[0]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void LockedSectorsRefuse(bool restore)
    {
        _flash.Write(Sector, 0x0060_0060);
        _flash.Write(Sector, 0x0001_0001);
        Reload(restore);
        _flash.Write(Sector, 0x0090_0090);
        Assert.Equal(0x0001_0001u, _flash.Read(Sector + 8));
        Assert.Equal(0u, _flash.Read(8));
        _flash.Write(0, 0xFF);
        _flash.Write(Sector, 0x40);
        _flash.Write(Sector, 0);
        Assert.Equal(0x0092_0092u, _flash.Read(0));
        Assert.Equal(0xFF, _contents[Sector]);
        _flash.Write(0, 0x50);
        _flash.Write(Sector, 0x60);
        _flash.Write(Sector, 0xD0);
        _flash.Write(Sector, 0x40);
        _flash.Write(Sector, 0);
        Assert.Equal(0, _contents[Sector]);
    }

    [Fact]
    public void ReadOnlyBankRefuses()
    {
        var flash = new CfiFlash(_contents, readOnly: true);
        flash.Write(0, 0x20);
        flash.Write(0, 0xD0);
        Assert.Equal(0x00A2_00A2u, flash.Read(0));
        flash.Write(0, 0x50);
        flash.Write(0, 0x40);
        flash.Write(0, 0);
        Assert.Equal(0x0092_0092u, flash.Read(0));
    }

    [Fact]
    public void WrongConfirmationIsASequenceError()
    {
        _contents[0] = 1;
        _flash.Write(0, 0x20);
        _flash.Write(0, 0x12);
        Assert.Equal(0x00B0_00B0u, _flash.Read(0));
        _flash.Write(0, 0x20);
        _flash.Write(0, 0xFF);
        Assert.True(_flash.IsInReadArrayMode);
        Assert.Equal(1, _contents[0]);
    }

    [Fact]
    public void LastBytesOfTheBankAreReachedAndNoMore()
    {
        _flash.Write(Size - 4, 0x40);
        _flash.Write(Size - 4, 0);
        Assert.Equal(0, _contents[^1]);
        Assert.False(_flash.TryWrite(Size - 3, 4, 0));
        Assert.False(_flash.TryRead(Size, 1, out _));
        Assert.False(_flash.TryRead(ulong.MaxValue, 8, out _));
    }

    private CfiFlash Create()
    {
        var flash = new CfiFlash(_contents);
        flash.ReadArrayModeChanged += _modes.Add;
        flash.ContentsChanged += (offset, length) => _changes.Add((offset, length));
        return flash;
    }

    private void Reload(bool restore)
    {
        if (!restore)
            return;
        var state = _flash.Save();
        _flash = Create();
        _flash.Restore(state);
    }
}
