using System.Globalization;
using Arm64Vm.Cpu.Memory;

namespace Arm64Vm.Cpu.Tests;

/// <summary>Which pages of RAM the host holds, by its own account.</summary>
public sealed class RamPopulationTests : IDisposable
{
    private const ulong Stretch = 64 << 10;
    private const ulong Size = 16 << 20;
    private readonly GuestRam _ram = new(TestMachine.Ram, Size);

    public void Dispose() => _ram.Dispose();

    [Fact]
    public void ASmallMachineGetsWhatItTouchesAndNoMore()
    {
        for (int times = 0; times < 3; times++)
        {
            for (ulong stretch = 0; stretch < 100; stretch++)
                _ram.Population.Note(stretch * Stretch);
        }

        Assert.Equal(0, ResidentBytes());
    }

    [Fact]
    public void InAMachineThatHasWrittenMuchTheSecondStoreMakesAStretchPresent()
    {
        WriteMuch();
        Assert.Equal(0, ResidentBytes());
        _ram.Population.Note((5 * Stretch) + 0x3000);
        Assert.Equal((long)Stretch, ResidentBytes());
        _ram.Population.Note((5 * Stretch) + 0x4000);
        Assert.Equal((long)Stretch, ResidentBytes());
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
        _ram.Population.Note(5 * Stretch);
        _ram.Discard(5 * Stretch, 0x2000);
        Assert.Equal((long)Stretch - 0x2000, ResidentBytes());
        _ram.Population.Note(5 * Stretch);
        Assert.Equal((long)Stretch - 0x2000, ResidentBytes());
        _ram.Population.Note(5 * Stretch);
        Assert.Equal((long)Stretch, ResidentBytes());
    }

    private void WriteMuch()
    {
        for (ulong stretch = 0; stretch < 200; stretch++)
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
