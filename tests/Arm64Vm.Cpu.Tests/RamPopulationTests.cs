using System.Globalization;
using Arm64Vm.Cpu.Memory;

namespace Arm64Vm.Cpu.Tests;

/// <summary>Which pages of RAM the host holds, by its own account.</summary>
public sealed class RamPopulationTests : IDisposable
{
    private const ulong Stretch = 64 << 10;
    private const ulong Size = 16 << 20;

    /// <summary>With a store to each stretch before this one the machine is still small.</summary>
    private const ulong LastStretch = 31;
    private readonly GuestRam _ram = new(TestMachine.Ram, Size);

    public void Dispose() => _ram.Dispose();

    [Fact]
    public void ASmallMachineGetsWhatItTouchesAndNoMore()
    {
        for (int times = 0; times < 3; times++)
        {
            for (ulong stretch = 0; stretch < LastStretch; stretch++)
                _ram.Population.Note(stretch * Stretch);
        }

        Assert.Equal(0, ResidentBytes());
    }

    [Fact]
    public void InAMachineThatHasWrittenMuchTheFirstStoreMakesAStretchPresent()
    {
        WriteMuch();
        Assert.Equal(0, ResidentBytes());
        _ram.Population.Note((LastStretch * Stretch) + 0x3000);
        Assert.Equal((long)Stretch, ResidentBytes());
        _ram.Population.Note((LastStretch * Stretch) + 0x4000);
        Assert.Equal((long)Stretch, ResidentBytes());
    }

    [Fact]
    public void AStretchThatWasTouchedWhileTheMachineWasSmallFollowsWithItsNextStore()
    {
        WriteMuch();
        _ram.Population.Note(LastStretch * Stretch);
        _ram.Population.Note(5 * Stretch);
        Assert.Equal(2 * (long)Stretch, ResidentBytes());
    }

    [Fact]
    public void WholeStretchesOfALongStoreArePresentAtOnce()
    {
        _ram.Population.Note(Stretch - 0x1000, (3 * Stretch) + 0x2000);
        Assert.Equal(3 * (long)Stretch, ResidentBytes());
    }

    [Fact]
    public void PagesThatWereGivenBackStayAwayUntilTheirStretchIsUsedAgain()
    {
        WriteMuch();
        _ram.Population.Note(LastStretch * Stretch);
        _ram.Discard(LastStretch * Stretch, 0x2000);
        Assert.Equal((long)Stretch - 0x2000, ResidentBytes());
        _ram.Population.Note(LastStretch * Stretch);
        Assert.Equal((long)Stretch, ResidentBytes());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0x1234)]
    public void WhatIsWrittenThroughTheFileIsThereWithoutPagesOfThisProcess(int offset)
    {
        byte[] bytes = new byte[(200 << 10) + 7];
        new Random(1).NextBytes(bytes);
        _ram.Write((ulong)offset, bytes);
        Assert.Equal(0, ResidentBytes());
        Assert.Equal(bytes, Contents(offset, bytes.Length));
        Assert.Equal(0, Contents(offset + bytes.Length, 1)[0]);
        Assert.Throws<ArgumentOutOfRangeException>(() => _ram.Write(Size - 1, new byte[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ram.Write(ulong.MaxValue, new byte[2]));
    }

    private unsafe byte[] Contents(int offset, int length) => new ReadOnlySpan<byte>(_ram.Host + offset, length).ToArray();

    /// <summary>As many stretches as make a machine one that has written much with the next.</summary>
    private void WriteMuch()
    {
        for (ulong stretch = 0; stretch < LastStretch; stretch++)
            _ram.Population.Note(stretch * Stretch);
    }

    /// <summary>Rss of the mapping of RAM, from /proc/self/smaps.</summary>
    private unsafe long ResidentBytes()
    {
        string start = ((ulong)_ram.Host).ToString("x", CultureInfo.InvariantCulture) + "-";
        string line = File.ReadLines("/proc/self/smaps").SkipWhile(text => !text.StartsWith(start, StringComparison.Ordinal)).First(text => text.StartsWith("Rss:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
    }
}
