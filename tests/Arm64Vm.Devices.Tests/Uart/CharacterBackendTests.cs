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
    }

    [Fact]
    public void StreamGetsEverythingInOrder()
    {
        using var output = new MemoryStream();
        using (var backend = new StreamCharacterBackend(output))
        {
            for (var i = 0; i < 300_000; i++)
                backend.Write((byte)(i % 251));
            Assert.True(backend.Flush(TimeSpan.FromSeconds(30)));
        }

        Assert.Equal(Enumerable.Range(0, 300_000).Select(i => (byte)(i % 251)), output.ToArray());
    }

    [Fact]
    public void BrokenStreamDoesNotStopTheGuest()
    {
        using var backend = new StreamCharacterBackend(new BrokenStream());
        for (var i = 0; i < 200_000; i++)
            backend.Write(1);
        Assert.True(backend.Flush(TimeSpan.FromSeconds(30)));
    }

    private sealed class BrokenStream : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count) => throw new IOException("gone");
    }
}
