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
            Assert.Equal(ExitRing.Capacity, (int)(next - taken));
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

    private static ExitRing.Exit Exit(ulong n) => new(n, ~n, n << 12, (uint)n, (ExitRing.Miss)(n & 3));
}
