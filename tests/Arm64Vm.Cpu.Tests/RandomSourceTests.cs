using Arm64Vm.Cpu.Registers;

namespace Arm64Vm.Cpu.Tests;

public sealed class RandomSourceTests
{
    [Fact]
    public void TheHostsNumbersDoNotRepeatAcrossBatches()
    {
        var source = new RandomSource(null);
        HashSet<ulong> seen = [];
        for (int i = 0; i < 200; i++)
            Assert.True(seen.Add(source.Next()));
        Assert.DoesNotContain(0ul, seen);
    }

    [Fact]
    public void ASeedGivesTheSameSequenceFromAPositionOn()
    {
        var (first, second) = (new RandomSource(5), new RandomSource(5));
        Assert.Equal(first.Next(), second.Next());
        ulong position = first.Position;
        ulong next = first.Next();
        first.Position = position;
        Assert.Equal(next, first.Next());
        Assert.NotEqual(new RandomSource(6).Next(), new RandomSource(5).Next());
    }
}
