using Arm64Vm.Translation.Profiling;

namespace Arm64Vm.Translation.Tests.Profiling;

/// <summary>Counts of a recording are exact, whoever sums them up.</summary>
public class CountTableTests
{
    private const int Counts = 200_000;

    [Fact]
    public void NothingIsLostWhereNobodySumsUp()
    {
        using var table = new CountTable();
        for (ulong i = 0; i < Counts; i++)
            table.Add(i % 7, 1, i & 1);
        var all = table.ToList();
        Assert.Equal(14, all.Count);
        Assert.Equal(Counts, all.Sum(one => one.Count));
    }

    /// <summary>More keys than sums are kept of, in an order in which each takes another's place.</summary>
    [Fact]
    public void NothingIsLostWhereKeysAreMany()
    {
        const int Keys = 50_000;
        using var table = new CountTable();
        for (ulong i = 0; i < Counts; i++)
            table.Add(i % Keys, i % Keys << 32, 0);
        var all = table.ToList();
        Assert.Equal(Keys, all.Count);
        Assert.All(all, one => Assert.Equal(Counts / Keys, one.Count));
        Assert.Equal(all.Count, table.ToList().Count);
    }

    [Fact]
    public async Task NothingIsLostWhereAnotherThreadSumsUp()
    {
        using var table = new CountTable();
        var counting = Task.Run(() =>
        {
            for (ulong i = 0; i < Counts; i++)
                table.Add(i & 3, 2, 3);
        });
        while (!counting.IsCompleted)
            table.Take();
        await counting;
        Assert.Equal([Counts / 4, Counts / 4, Counts / 4, Counts / 4], table.ToList().Select(one => (int)one.Count));
    }
}
