using Arm64Vm.Backend.X64.Profiling;

namespace Arm64Vm.Backend.X64.Tests.Profiling;

/// <summary>Places of guest instructions in host code are what they were when they were noted.</summary>
public class HostMapTests
{
    /// <summary>A page's last instruction, and the one behind it where a unit ends there.</summary>
    [Fact]
    public void PlacesOfAWholePageAreKept()
    {
        var map = new HostMap();
        for (int block = 0; block < 5; block++)
        {
            Span<uint> room = map.Room(205);
            for (int i = 0; i < 205; i++)
                room[i] = HostMap.Pack(Host(block, i), Guest(block, i));
            map.Advance(205);
        }

        map.Add(1 << 19, 8);
        var places = HostMap.Expand(map.Entries);
        Assert.Equal(1026, places.Length);
        for (int i = 0; i < 1025; i++)
            Assert.Equal((Host(i / 205, i % 205), Guest(i / 205, i % 205)), places[i]);
        Assert.Equal((1 << 19, 8), places[^1]);
        map.Clear();
        Assert.Empty(HostMap.Expand(map.Entries));

        static int Host(int block, int i) => ((block * 205) + i) * 256;
        static int Guest(int block, int i) => ((block * 205) + i) * 4;
    }

    [Fact]
    public void InstructionsWithoutCodeAndRepeatedOnesHaveNoPlaceOfTheirOwn()
    {
        var map = new HostMap();
        foreach (var (host, guest) in (ReadOnlySpan<(int, int)>)[(0, 16), (0, 20), (7, 20), (9, 24), (9, 28), (9, 32), (12, 16)])
            map.Add(host, guest);
        Assert.Equal([(0, 20), (9, 32), (12, 16)], HostMap.Expand(map.Entries));
    }
}
