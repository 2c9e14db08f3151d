using System.Globalization;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Translation.Profiling;

namespace Arm64Vm.Translation.Tests.Profiling;

/// <summary>Counts of a recording are exact, however many keys there are.</summary>
public unsafe class CountTableTests
{
    private const int Counts = 200_000;
    private const string Faults = "/proc/thread-self/stat";

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

    /// <summary>
    /// A page that is read first is the host's page of zeros, and replacing it interrupts all of the process. So a table is present before it is read, which is one fault a page and not two:
    /// also where keys have gone on from its end to its beginning, and go to the end of a larger one.
    /// </summary>
    [Fact]
    public void TablesThatGrowArePresentBeforeTheyAreRead()
    {
        Assert.SkipUnless(File.Exists(Faults), "this host does not count page faults of a thread");
        using (var probe = new NativeMemoryRegion(1 << 20).MadePresent())
            Assert.SkipWhen(MappingRelease.PresentBytes(probe.Address, probe.Size) == 0, "this host does not make pages present ahead (Linux before 5.14)");

        // Twice as many sums as the keys at least, and all smaller tables before.
        const int Keys = 600_000;
        const long Pages = 2L * (1 << 21) * 32 / 4096;
        using var table = new CountTable();
        var before = FaultsOfThread();
        for (ulong i = 0; i < Keys; i++)
            table.Add(i, ~i, i << 12);
        Assert.InRange(FaultsOfThread() - before, 0, Pages + (Pages / 20));
        Assert.Equal(Keys, table.ToList().Count);
    }

    /// <summary>Minor faults (proc_pid_stat(5)): the eighth field behind the name, which is in parentheses.</summary>
    private static long FaultsOfThread()
    {
        var text = File.ReadAllText(Faults);
        return long.Parse(text[(text.LastIndexOf(')') + 2)..].Split(' ')[7], CultureInfo.InvariantCulture);
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
