using Arm64Vm.Devices.Clock;
using CsCheck;

namespace Arm64Vm.Devices.Tests.Clock;

public class TimerHeapTests
{
    [Fact]
    public void FirstIsAlwaysTheEarliest()
    {
        Gen.Select(Gen.Int[0, 19], Gen.UInt[0, 100], Gen.Bool).Array[0, 200].Sample(operations =>
        {
            var heap = new TimerHeap();
            var timers = Enumerable.Range(0, 20).Select(_ => new Item()).ToArray();
            var model = new Dictionary<Item, ulong>();
            foreach (var (which, deadline, remove) in operations)
            {
                if (remove)
                {
                    heap.Remove(timers[which]);
                    model.Remove(timers[which]);
                }
                else
                {
                    heap.Set(timers[which], deadline);
                    model[timers[which]] = deadline;
                }

                Assert.Equal(model.Count == 0 ? null : model.Values.Min(), heap.First?.Deadline);
            }

            while (heap.First is { } first)
            {
                Assert.Equal(model.Values.Min(), first.Deadline);
                Assert.True(model.Remove((Item)first));
                heap.Remove(first);
            }

            Assert.Empty(model);
        });
    }

    private sealed class Item() : HeapTimer(() => { });
}
