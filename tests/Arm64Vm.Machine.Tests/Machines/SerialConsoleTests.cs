using Arm64Vm.Devices.Uart;

namespace Arm64Vm.Machine.Tests.Machines;

public class SerialConsoleTests
{
    [Fact]
    public async Task WaitsFindTextThatIsThereAndTextThatComes()
    {
        using var console = new SerialConsole(null);
        console.Print("one two "u8);
        await console.WaitForAsync("two", TimeSpan.Zero);
        var later = console.WaitForAsync("three", TestMachine.Patience);
        Assert.False(later.IsCompleted);
        console.Print("three"u8);
        await later;
    }

    [Fact]
    public async Task EachWaitLooksBehindTheOneBefore()
    {
        using var console = new SerialConsole(null);
        console.Print("login: login: "u8);
        await console.WaitForAsync("login:", TimeSpan.Zero);
        await console.WaitForAsync("login:", TimeSpan.Zero);
        await Assert.ThrowsAsync<TimeoutException>(() => console.WaitForAsync("login:", TimeSpan.FromMilliseconds(20)));
    }

    [Fact]
    public void WatchesSeeOnlyWhatIsPrintedLater()
    {
        using var console = new SerialConsole(null);
        console.Print("PA"u8);
        using var watch = console.Watch("PASS");
        console.Print("SS"u8);
        Assert.False(watch.IsSeen);
        console.Print("PAPASS"u8);
        Assert.True(watch.IsSeen);
    }

    [Fact]
    public void KeepsTheLastOfWhatWasPrinted()
    {
        using var console = new SerialConsole(null);
        for (var i = 0; i < SerialConsole.HistorySize; i++)
            console.Print("x"u8);
        console.Print("end"u8);
        Assert.Equal(SerialConsole.HistorySize + 3, console.Length);
        var text = console.Text;
        Assert.Equal(SerialConsole.HistorySize, text.Length);
        Assert.EndsWith("xend", text, StringComparison.Ordinal);
    }

    [Fact]
    public void TheStreamGetsEveryByteInOrder()
    {
        using var output = new MemoryStream();
        using var console = new SerialConsole(output);
        var bytes = new byte[3 * SerialConsole.HistorySize + 17];
        new Random(1).NextBytes(bytes);
        foreach (var value in bytes)
            ((ICharacterBackend)console).Write(value);
        Assert.True(console.Flush(TestMachine.Patience));
        Assert.Equal(bytes, output.ToArray());
    }

    [Fact]
    public void AStreamThatFailsDoesNotStopTheGuest()
    {
        using var console = new SerialConsole(new FailingStream());
        for (var i = 0; i < 2 * SerialConsole.HistorySize; i++)
            console.Print("x"u8);
        Assert.Equal(2 * SerialConsole.HistorySize, console.Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    public void ImpossibleTextsAreRefused(string? text)
    {
        using var console = new SerialConsole(null);
        Assert.Throws<ArgumentException>(() => console.Watch(text ?? new string('x', SerialConsole.HistorySize + 1)));
    }

    private sealed class FailingStream : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count) => throw new IOException("full");
    }
}
