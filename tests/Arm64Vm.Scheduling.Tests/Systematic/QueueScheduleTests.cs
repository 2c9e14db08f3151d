using Microsoft.Coyote.Runtime;

namespace Arm64Vm.Scheduling.Tests;

/// <summary>Queue and inbox under many schedules: nothing is lost, nothing comes twice, each taker sees a producer's order.</summary>
public class QueueScheduleTests
{
    private const int Schedules = 400;

    [Fact]
    public void TheQueueGivesEachItemOnceWhileItGrows() => Systematic.Holds(Schedules, () =>
    {
        var queue = new WorkStealingQueue<string, ExploredPoints>(capacity: 2);
        List<string>[] taken = [[], [], []];
        void Thief(int me)
        {
            for (var i = 0; i < 4; i++)
            {
                if (queue.Take() is { } item)
                    taken[me].Add(item);
            }
        }

        var owner = Systematic.Start(() =>
        {
            for (var i = 0; i < 6; i++)
            {
                queue.Add($"{i}");
                if (i == 3 && queue.Take() is { } own)
                    taken[2].Add(own);
            }
        });
        Systematic.Join(owner, Systematic.Start(() => Thief(0)), Systematic.Start(() => Thief(1)));
        while (queue.Take() is { } rest)
            taken[2].Add(rest);
        Systematic.Require(taken.SelectMany(list => list).Order().SequenceEqual(["0", "1", "2", "3", "4", "5"]), "lost or doubled");
        Systematic.Require(taken.Take(2).All(list => list.Order().SequenceEqual(list)), "out of order");
    });

    /// <summary>The explorer would notice: the same taker with a load and a store for its compare-and-swap.</summary>
    [Fact]
    public void ATakerWithoutCompareAndSwapIsFound() => Systematic.Breaks(Schedules, "doubled", () =>
    {
        long top = 0;
        var taken = 0;
        void Take()
        {
            var mine = top;
            SchedulingPoint.Interleave();
            if (mine >= 1)
                return;
            top = mine + 1;
            taken++;
        }

        Systematic.Join(Systematic.Start(Take), Systematic.Start(Take));
        Systematic.Require(taken == 1, "doubled");
    });

    [Fact]
    public void TheInboxGivesEachEntityOnceAlsoWhenItCloses() => Systematic.Holds(Schedules, () =>
    {
        var inbox = new Inbox<ExploredPoints>();
        var entities = Enumerable.Range(0, 4).Select(Entities.Make).ToArray();
        var refused = new List<int>();
        var taken = new List<int>();
        void Collect(ScheduleEntity? list)
        {
            for (; list is not null; list = list.Next)
                taken.Add(list.Index);
        }

        void Produce(int first)
        {
            for (var i = first; i < first + 2; i++)
            {
                if (!inbox.TryAdd(entities[i]))
                    refused.Add(i);
            }
        }

        var owner = Systematic.Start(() =>
        {
            Collect(inbox.TakeAll());
            Collect(inbox.Close());
        });
        var raider = Systematic.Start(() => Collect(inbox.TakeAll()));
        Systematic.Join(owner, raider, Systematic.Start(() => Produce(0)), Systematic.Start(() => Produce(2)));
        Systematic.Require(inbox.TakeAll() is null && inbox.Close() is null, "something is left");
        Systematic.Require(taken.Concat(refused).Order().SequenceEqual([0, 1, 2, 3]), "lost or doubled");
    });
}
