using Arm64Vm.Translation.Profiling;

namespace Arm64Vm.Translation.Tests.Profiling;

/// <summary>Exits reach the one who sums up as they were, in order, or are refused.</summary>
public class ExitRingTests
{
    [Fact]
    public void AFullRingRefusesAndLosesNothing()
    {
        using var ring = new ExitRing();
        ulong next = 0;
        ulong taken = 0;
        for (int round = 0; round < 3; round++)
        {
            while (ring.TryAdd(Exit(next)))
                next++;
            Assert.InRange((int)(next - taken), ExitRing.Capacity - (ExitRing.Capacity >> 12) - 1, ExitRing.Capacity);
            ring.Drain((in ExitRing.Exit exit) => Assert.Equal(Exit(taken++), exit));
            Assert.Equal(next, taken);

            // The next round begins in the middle.
            for (int i = 0; i < 1000; i++)
                Assert.True(ring.TryAdd(Exit(next++)));
            ring.Drain((in ExitRing.Exit exit) => Assert.Equal(Exit(taken++), exit));
        }
    }

    [Fact]
    public async Task WhatOneThreadAddsAnotherTakes()
    {
        const ulong Exits = 500_000;
        using var ring = new ExitRing();
        var adding = Task.Run(() =>
        {
            for (ulong i = 0; i < Exits; i++)
            {
                while (!ring.TryAdd(Exit(i)))
                    Thread.Yield();
            }
        });
        ulong taken = 0;
        bool isOver = false;
        while (!isOver)
        {
            isOver = adding.IsCompleted;
            ring.Drain((in ExitRing.Exit exit) => taken += exit == Exit(taken) ? 1ul : 0);
        }

        await adding;
        Assert.Equal(Exits, taken);
    }

    [Fact]
    public void AddressesOfBothHalvesSurviveAndTagsDoNot()
    {
        using var ring = new ExitRing();
        List<ExitRing.Exit> seen = [];
        Assert.True(ring.TryAdd(new ExitRing.Exit(0xFFFF_8000_0000_1234, 0x0000_FFFF_FFFF_FFF8, ulong.MaxValue, 0xFF, ExitRing.Miss.Fetch)));
        Assert.True(ring.TryAdd(new ExitRing.Exit(0, 0x5A00_0000_0000_1000, 0, 0, ExitRing.Miss.None)));
        ring.Drain((in ExitRing.Exit exit) => seen.Add(exit));
        Assert.Equal(
            [
                new ExitRing.Exit(0xFFFF_8000_0000_1234, 0x0000_FFFF_FFFF_FFF8, ulong.MaxValue, 0xFF, ExitRing.Miss.Fetch),
                new ExitRing.Exit(0, 0x1000, 0, 0, ExitRing.Miss.None),
            ],
            seen);
    }

    [Fact]
    public void NewAddressSpacesTakeRoomOfTheirOwn()
    {
        using var ring = new ExitRing();
        ulong taken = 0;
        ulong next = 0;
        for (int round = 0; round < 3; round++)
        {
            while (ring.TryAdd(Exit(next) with { Space = next + 1 }))
                next++;
            ring.Drain((in ExitRing.Exit exit) =>
            {
                Assert.Equal(Exit(taken) with { Space = taken + 1 }, exit);
                taken++;
            });
            Assert.Equal(next, taken);
        }

        Assert.InRange(next, 3ul * ExitRing.Capacity / 2 - 3, 3ul * ExitRing.Capacity / 2);
    }

    /// <summary>The address space changes every few thousand.</summary>
    private static ExitRing.Exit Exit(ulong n) => new(n, ~n, n >> 12 << 12, (byte)n, (ExitRing.Miss)(n & 3));
}
