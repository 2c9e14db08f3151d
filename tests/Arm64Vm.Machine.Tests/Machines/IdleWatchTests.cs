using Arm64Vm.Machine.Running;

namespace Arm64Vm.Machine.Tests.Machines;

/// <summary>When an idle machine gives memory back, in times that the test makes up.</summary>
public class IdleWatchTests
{
    private const ulong Second = 1_000_000_000;

    /// <summary>It has not run at all.</summary>
    private static readonly IdleSigns s_nothing = new(0, 0, HasGrown: false);

    private ulong _now = 100 * Second;

    /// <summary>One that is woken once a second gives back after some seconds, once.</summary>
    [Fact]
    public void AProcessorThatWakesBrieflyGivesBackOnce()
    {
        var watch = new IdleWatch(1);
        var given = new List<int>();
        for (var wake = 0; wake < 100; wake++)
        {
            // What was dropped is translated anew at the next wake-up, which is no work.
            if (Step(watch, 0, new IdleSigns(wake * 50_000, given.Count * 10, HasGrown: given.Count == 0)))
                given.Add(wake);
            _now += Second;
        }

        Assert.Equal([5], given);
    }

    /// <summary>Nothing wakes it: it asks to be looked at when the time has come, and not again.</summary>
    [Fact]
    public void AProcessorThatSleepsAsksForOneLook()
    {
        var watch = new IdleWatch(1);
        watch.Runs(0);
        Assert.False(watch.Waits(0, _now, s_nothing, out var look));
        Assert.Equal(_now + IdleWatch.FirstPeriod, look);
        watch.Runs(0);
        Assert.True(watch.Waits(0, look, s_nothing, out _));
        watch.GaveBack(0);
        Assert.True(watch.HaveAllGivenBack);
        watch.Runs(0);
        Assert.False(watch.Waits(0, look + (60 * Second), s_nothing, out look));
        Assert.Equal(IdleWatch.Never, look);
    }

    [Fact]
    public void WorkEndsAnIdlePeriodAndBeginsAnother()
    {
        var watch = new IdleWatch(1);
        Idle(watch, 0, 6, ran: 0);
        watch.GaveBack(0);

        // Two seconds of work, after which there is something to give back again, five seconds later.
        _now += 2 * Second;
        Assert.False(Step(watch, 0, new IdleSigns((long)(2 * Second), 0, HasGrown: false)));
        Assert.False(watch.HaveAllGivenBack);
        _now += 4 * Second;
        Assert.False(Step(watch, 0, new IdleSigns((long)(2 * Second), 0, HasGrown: false)));
        _now += 2 * Second;
        Assert.True(Step(watch, 0, new IdleSigns((long)(2 * Second), 0, HasGrown: false)));
    }

    [Fact]
    public void TranslatingIsWorkUntilSomethingWasGivenBack()
    {
        var watch = new IdleWatch(1);
        for (var wake = 0; wake < 20; wake++)
        {
            Assert.False(Step(watch, 0, new IdleSigns(0, wake, HasGrown: true)));
            _now += Second;
        }

        Idle(watch, 0, 6, ran: 0, made: 19);
    }

    /// <summary>Quiet work that makes much code counts too, when it is over.</summary>
    [Fact]
    public void CodeThatHasGrownQuietlyIsGivenBack()
    {
        var watch = new IdleWatch(1);
        Idle(watch, 0, 6, ran: 0);
        watch.GaveBack(0);
        var made = 0;
        for (var wake = 0; wake < 20; wake++)
        {
            Assert.False(Step(watch, 0, new IdleSigns(0, ++made, HasGrown: true)));
            _now += Second;
        }

        Idle(watch, 0, 12, ran: 0, made: made, hasGrown: true);
    }

    /// <summary>Of two processors one works: neither gives back.</summary>
    [Fact]
    public void AMachineWithABusyProcessorGivesNothingBack()
    {
        var watch = new IdleWatch(2);
        Assert.False(Step(watch, 0, s_nothing));
        watch.Runs(1);
        for (var wake = 0; wake < 100; wake++)
        {
            _now += Second;
            Assert.False(Step(watch, 0, s_nothing));
        }

        // It comes to a wait: five seconds later both give back.
        Assert.False(watch.Waits(1, _now, new IdleSigns((long)(100 * Second), 0, HasGrown: false), out var look));
        Assert.Equal(_now + IdleWatch.FirstPeriod, look);
        _now = look;
        Assert.True(Step(watch, 0, s_nothing));
        watch.GaveBack(0);
        Assert.False(watch.HaveAllGivenBack);
        Assert.True(Step(watch, 1, new IdleSigns((long)(100 * Second), 0, HasGrown: false)));
        watch.GaveBack(1);
        Assert.True(watch.HaveAllGivenBack);
    }

    /// <summary>One of them drops what they share, once for each idle period.</summary>
    [Fact]
    public void OneIsToldThatAllHaveGivenBack()
    {
        var watch = new IdleWatch(2);
        for (var period = 0; period < 2; period++)
        {
            foreach (var processor in (int[])[0, 1])
                Assert.False(Step(watch, processor, new IdleSigns((long)((ulong)period * 10 * Second), 0, HasGrown: true)));
            _now += IdleWatch.FirstPeriod;
            Assert.True(Step(watch, 0, new IdleSigns((long)((ulong)period * 10 * Second), 0, HasGrown: true)));
            Assert.False(watch.IsCompletedByThis());
            Assert.True(Step(watch, 1, new IdleSigns((long)((ulong)period * 10 * Second), 0, HasGrown: true)));
            Assert.True(watch.IsCompletedByThis());
            Assert.False(watch.IsCompletedByThis());

            // Both work for a while.
            _now += 100 * Second;
        }
    }

    /// <summary>Where what they share cannot go, because one has begun to work, all try again.</summary>
    [Fact]
    public void WhatWasInVainIsDoneAgain()
    {
        var watch = new IdleWatch(2);
        foreach (var processor in (int[])[0, 1])
            Assert.False(Step(watch, processor, s_nothing));
        _now += IdleWatch.FirstPeriod;
        foreach (var processor in (int[])[0, 1])
        {
            Assert.True(Step(watch, processor, s_nothing));
            watch.GaveBack(processor);
        }

        Assert.True(watch.IsCompletedByThis());
        watch.TryAgain(1, _now);
        Assert.False(watch.HaveAllGivenBack);
        Assert.False(Step(watch, 0, s_nothing));
        _now += IdleWatch.FirstPeriod;
        foreach (var processor in (int[])[0, 1])
        {
            Assert.True(Step(watch, processor, s_nothing));
            watch.GaveBack(processor);
        }

        Assert.True(watch.IsCompletedByThis());
    }

    /// <summary>A machine that has given back before waits longer.</summary>
    [Fact]
    public void APeriodMayBeLonger()
    {
        var watch = new IdleWatch(1);
        var signs = s_nothing with { Period = 3 * IdleWatch.FirstPeriod };
        Assert.False(Step(watch, 0, signs));
        _now += 2 * IdleWatch.FirstPeriod;
        watch.Runs(0);
        Assert.False(watch.Waits(0, _now, signs, out var look));
        Assert.Equal(_now + IdleWatch.FirstPeriod, look);
        _now = look;
        Assert.True(Step(watch, 0, signs));
    }

    private bool Step(IdleWatch watch, int processor, IdleSigns signs)
    {
        watch.Runs(processor);
        var gives = watch.Waits(processor, _now, signs, out _);
        if (gives && signs.HasGrown)
            watch.GaveBack(processor);
        return gives;
    }

    /// <summary>Idle for at most so many seconds, after which it gives back.</summary>
    private void Idle(IdleWatch watch, int processor, int seconds, long ran, int made = 0, bool hasGrown = false)
    {
        for (var second = 0; second < seconds; second++)
        {
            if (Step(watch, processor, new IdleSigns(ran, made, hasGrown)))
                return;
            _now += Second;
        }

        Assert.Fail($"nothing was given back in {seconds} s");
    }
}
