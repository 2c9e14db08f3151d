using Arm64Vm.Backend.Il;
using Arm64Vm.Ir;
using Arm64Vm.Translation.Il;

namespace Arm64Vm.Translation.Tests.Il;

/// <summary>In which order units are compiled.</summary>
public class CompileQueueTests
{
    private readonly CompileQueue queue = new();

    [Fact]
    public void WhatWasAskedForMoreOftenComesFirst()
    {
        TieredUnit cold = Unit(1), warm = Unit(2), warmToo = Unit(3), hot = Unit(4);
        queue.Add(cold, 1);
        queue.Add(warm, 2);
        queue.Add(warmToo, 2);
        queue.Add(hot, 100);
        Assert.Equal([hot, warm, warmToo, cold], [queue.Take(), queue.Take(), queue.Take(), queue.Take()]);
    }

    [Fact]
    public void ALevelThatIsFullTakesNoMoreButHigherOnesDo()
    {
        for (int i = 0; i < CompileQueue.Most; i++)
            queue.Add(Unit((ulong)i), 1);
        TieredUnit late = Unit(1 << 20);
        queue.Add(late, 1);
        queue.Add(late, 2);
        Assert.Same(late, queue.Take());
        for (int i = 0; i < CompileQueue.Most; i++)
            Assert.NotSame(late, queue.Take());
        queue.Close();
        Assert.Null(queue.Take());
    }

    [Fact]
    public async Task WhoWaitsIsToldOfAUnitAndOfTheEnd()
    {
        Task<TieredUnit?> waiting = Task.Run(queue.Take);
        TieredUnit unit = Unit(1);
        queue.Add(unit, 1);
        Assert.Same(unit, await waiting.WaitAsync(TimeSpan.FromMinutes(1)));
        waiting = Task.Run(queue.Take);
        queue.Close();
        Assert.Null(await waiting.WaitAsync(TimeSpan.FromMinutes(1)));
    }

    /// <summary>A unit that nobody runs.</summary>
    private static TieredUnit Unit(ulong number)
    {
        IrRegion region = new();
        region.Clear();
        return new TieredUnit(new IlHost(null!), number * 4, default, region);
    }
}
