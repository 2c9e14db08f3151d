using Arm64Vm.Translation.Profiling;

namespace Arm64Vm.Translation.Tests.Profiling;

/// <summary>Counts of a recording are exact, however many keys there are.</summary>
public class CountTableTests
{
    private const int Counts = 200_000;

    [Fact]
    public void NothingIsLostWhereKeysAreFew()
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

    /// <summary>A collection of the managed heap would stop the guest.</summary>
    [Fact]
    public void SumsAreNotInTheManagedHeap()
    {
        using var first = new CountTable();
        using var table = new CountTable();
        Add(first); // what the methods themselves need
        var before = GC.GetAllocatedBytesForCurrentThread();
        Add(table);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096);

        static void Add(CountTable table)
        {
            for (ulong i = 0; i < Counts; i++)
                table.Add(i, i << 20, 0);
        }
    }

    /// <summary>Tables so large that they grow in several steps, with the smaller one given back meanwhile.</summary>
    [Fact]
    public void NothingIsLostWhereTablesAreLarge()
    {
        const int Keys = 600_000;
        using var table = new CountTable();
        for (ulong i = 0; i < Keys; i++)
            table.Add(i, ~i, i << 12);
        var all = table.ToList();
        Assert.Equal(Keys, all.Count);
        Assert.All(all, one => Assert.Equal((~one.A, one.A << 12, 1L), (one.B, one.C, one.Count)));
    }

    /// <summary>A guest may find addresses that hash alike; looking for a place has an end, and what finds none is counted together.</summary>
    [Fact]
    public void KeysOfOneHashDoNotTakeLong()
    {
        using var table = new CountTable();

        // The inverse of the first multiplier gives any hash that is wanted; low bits do not say where a key goes.
        ulong inverse = 1;
        for (int i = 0; i < 6; i++)
            inverse *= 2 - (0x9E37_79B9_7F4A_7C15 * inverse);
        for (ulong i = 1; i <= Counts; i++)
            table.Add(inverse * i, 0, 0);
        var all = table.ToList();
        Assert.Equal(CountTable.MostLooks, all.Count);
        Assert.Equal(Counts, all.Sum(one => one.Count) + table.Others);
    }
}
