using Arm64Vm.Devices.Uart;

namespace Arm64Vm.Devices.Tests.Uart;

public class CharacterBackendTests
{
    [Fact]
    public void QueueTellsWhatItTookAndWhenThereIsRoom()
    {
        var queue = new CharacterInputQueue(4);
        int inputs = 0, rooms = 0;
        queue.SetInputHandler(() => inputs++);
        queue.SetRoomHandler(() => rooms++);
        Assert.Equal(4, queue.Feed("abcdef"u8));
        Assert.Equal(0, queue.Feed("ef"u8));
        Assert.Equal((1, 0), (inputs, rooms));
        Assert.True(queue.TryRead(out var first));
        Assert.Equal(((byte)'a', 1), (first, rooms));
        Assert.Equal(1, queue.Feed("ef"u8));
        var rest = new List<byte>();
        while (queue.TryRead(out var value))
            rest.Add(value);
        Assert.Equal("bcde"u8.ToArray(), rest);
    }

    [Fact]
    public void InputThatWaitsIsAnnouncedToANewHandler()
    {
        var queue = new CharacterInputQueue();
        queue.Feed("a"u8);
        var called = false;
        queue.SetInputHandler(() => called = true);
        Assert.True(called);
        called = false;
        queue.NotifyPending();
        Assert.True(called);
        Assert.True(queue.TryRead(out _));
        called = false;
        queue.NotifyPending();
        Assert.False(called);
    }
}
