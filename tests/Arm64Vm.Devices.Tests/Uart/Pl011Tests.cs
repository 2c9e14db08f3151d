using Arm64Vm.Devices.Clock;
using Arm64Vm.Devices.Uart;
using static Arm64Vm.Devices.Uart.Pl011Registers;

namespace Arm64Vm.Devices.Tests.Uart;

public sealed class Pl011Tests
{
    private readonly ManualClock _clock = new();
    private readonly TestLine _line = new();
    private readonly MemoryCharacterBackend _backend = new();
    private Pl011 _uart;

    public Pl011Tests() => _uart = new Pl011(_line, _clock, _backend);

    [Fact]
    public void SendsWithoutAnySetUp()
    {
        foreach (var character in "hello"u8.ToArray())
            _uart.Write(Data, character, 1);
        Assert.Equal("hello", _backend.OutputText);
        Assert.Equal(FlagTransmitEmpty | FlagReceiveEmpty, _uart.Read(Flags));
    }

    /// <summary>The thread that types may be on its way to the device when the machine is reset; what it brings belongs to the next one.</summary>
    [Fact]
    public void InputThatComesAfterTheEndIsLeftForTheNext()
    {
        var backend = new HeldHandlerBackend();
        var uart = new Pl011(_line, _clock, backend);
        uart.Read(Flags);
        uart.Dispose();
        backend.Feed((byte)'x');
        Assert.Equal(1, backend.Waiting);
    }

    [Fact]
    public void IdentifiesItselfAsAPl011()
    {
        byte[] expected = [0x11, 0x10, 0x14, 0x00, 0x0D, 0xF0, 0x05, 0xB1];
        for (var i = 0; i < 8; i++)
            Assert.Equal(expected[i], _uart.Read(0xFE0 + 4 * (ulong)i));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TransmitInterruptFollowsMaskAndClear(bool restore)
    {
        _uart.Write(Data, 'x');
        Assert.False(_line.Level);
        Reload(restore);
        _uart.Write(Mask, InterruptTransmit);
        Assert.True(_line.Level);
        Assert.Equal(InterruptTransmit, _uart.Read(MaskedStatus));
        _uart.Write(Clear, InterruptTransmit);
        Assert.False(_line.Level);
    }

    [Theory]
    [InlineData(0u, 2)]
    [InlineData(1u, 4)]
    [InlineData(2u, 8)]
    [InlineData(3u, 12)]
    [InlineData(4u, 14)]
    public void ReceiveInterruptComesAtTheTriggerLevelAndGoesBelowIt(uint select, int level)
    {
        EnableFifo();
        _uart.Write(FifoLevels, select << 3);
        _uart.Write(Mask, InterruptReceive);
        for (var i = 0; i < level; i++)
        {
            Assert.False(_line.Level);
            _backend.Input.Feed([(byte)i]);
        }

        Assert.True(_line.Level);
        Assert.Equal(0u, _uart.Read(Data));
        Assert.False(_line.Level);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ReceiveTimeoutComesAfter32BitsOfSilence(bool restore)
    {
        EnableFifo();
        // 115200 baud of 24 MHz: 13 + 1/64; 32 bits take 277,7 µs.
        _uart.Write(IntegerBaud, 13);
        _uart.Write(FractionalBaud, 1);
        _uart.Write(Mask, InterruptReceiveTimeout);
        _backend.Input.Feed("a"u8);
        _clock.Advance(200_000);
        _backend.Input.Feed("b"u8);
        Reload(restore);
        _clock.Advance(277_000);
        Assert.False(_line.Level);
        _clock.Advance(1_000);
        Assert.True(_line.Level);
        Assert.Equal((uint)'a', _uart.Read(Data));
        Assert.True(_line.Level);
        Assert.Equal((uint)'b', _uart.Read(Data));
        Assert.False(_line.Level);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void InputWaitsInTheBackendWhileTheFifoIsFull(bool restore)
    {
        EnableFifo();
        var input = Enumerable.Range(0, 100).Select(i => (byte)i).ToArray();
        Assert.Equal(100, _backend.Input.Feed(input));
        Assert.NotEqual(0u, _uart.Read(Flags) & FlagReceiveFull);
        Reload(restore);
        for (var i = 0; i < 100; i++)
            Assert.Equal((uint)i, _uart.Read(Data));
        Assert.NotEqual(0u, _uart.Read(Flags) & FlagReceiveEmpty);
        Assert.Equal(0u, _uart.Read(RawStatus) & InterruptOverrun);
    }

    [Fact]
    public void WithoutFifoOneCharacterFillsTheReceiver()
    {
        _uart.Write(Mask, InterruptReceive);
        _backend.Input.Feed("ab"u8);
        Assert.True(_line.Level);
        Assert.NotEqual(0u, _uart.Read(Flags) & FlagReceiveFull);
        Assert.Equal((uint)'a', _uart.Read(Data));
        Assert.True(_line.Level);
        Assert.Equal((uint)'b', _uart.Read(Data));
        Assert.False(_line.Level);
    }

    [Fact]
    public void DisabledReceiverLeavesInputInTheBackend()
    {
        _uart.Write(Control, ControlTransmitEnable);
        _backend.Input.Feed("a"u8);
        Assert.NotEqual(0u, _uart.Read(Flags) & FlagReceiveEmpty);
        _uart.Write(Control, ControlReceiveEnable);
        Assert.Equal((uint)'a', _uart.Read(Data));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void LoopbackReturnsDataAndReportsOverrunWithTheNextCharacter(bool restore)
    {
        EnableFifo();
        _uart.Write(Control, ControlLoopback | ControlReceiveEnable);
        for (var i = 0; i < 17; i++)
            _uart.Write(Data, (ulong)i);
        Assert.Empty(_backend.Output);
        Assert.NotEqual(0u, _uart.Read(RawStatus) & InterruptOverrun);
        Assert.Equal(8u, _uart.Read(ReceiveStatus));
        _uart.Write(ReceiveStatus, 0);
        Reload(restore);
        Assert.Equal(0u, _uart.Read(Data));
        _uart.Write(Data, 99);
        for (var i = 1; i < 16; i++)
            Assert.Equal((uint)i, _uart.Read(Data));
        Assert.Equal(DataOverrun | 99, _uart.Read(Data));
        Assert.Equal(8u, _uart.Read(ReceiveStatus));
    }

    [Fact]
    public void LoopbackWiresModemOutputsToInputs()
    {
        _uart.Write(Control, ControlLoopback | ControlRequestToSend | ControlOut2);
        Assert.Equal(FlagClearToSend | FlagRing, _uart.Read(Flags) & (FlagClearToSend | FlagRing | FlagDataSetReady | FlagCarrierDetect));
        Assert.Equal(InterruptClearToSend | InterruptRing, _uart.Read(RawStatus));
    }

    [Fact]
    public void BreakInLoopbackIsReceived()
    {
        _uart.Write(Control, ControlLoopback);
        _uart.Write(LineControl, LineBreak);
        Assert.Equal(DataBreak, _uart.Read(Data));
        Assert.NotEqual(0u, _uart.Read(RawStatus) & InterruptBreak);
    }

    [Fact]
    public void SwitchingTheFifosEmptiesThem()
    {
        EnableFifo();
        _uart.Write(Mask, InterruptReceive | InterruptReceiveTimeout);
        _backend.Input.Feed("abcdefgh"u8);
        Assert.True(_line.Level);
        _uart.Write(LineControl, 0);
        Assert.False(_line.Level);
        _clock.Advance(1_000_000_000);
        Assert.False(_line.Level);
    }

    [Fact]
    public void UnreadInputRaisesTheTimeoutAgainAfterItWasCleared()
    {
        EnableFifo();
        _uart.Write(Mask, InterruptReceiveTimeout);
        _backend.Input.Feed("a"u8);
        _clock.Advance(1_000_000);
        Assert.True(_line.Level);
        _uart.Write(Clear, InterruptReceiveTimeout);
        Assert.False(_line.Level);
        _clock.Advance(1_000_000);
        Assert.True(_line.Level);
    }

    [Fact]
    public void AccessesOutsideTheWindowAreRefused()
    {
        Assert.False(_uart.TryRead(0x1000, 4, out _));
        Assert.False(_uart.TryRead(ulong.MaxValue, 8, out _));
        Assert.False(_uart.TryWrite(0xFFD, 4, 0));
        Assert.False(_uart.TryRead(0, 3, out _));
    }

    [Fact]
    public void SendingAllocatesNothing()
    {
        var sink = new NullBackend();
        using var uart = new Pl011(_line, _clock, sink);
        uart.TryWrite(Data, 4, 'x');
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            uart.TryRead(Flags, 4, out _);
            uart.TryWrite(Data, 4, 'x');
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void DeviceThatIsRestoredDoesNotSwallowInputBefore()
    {
        _backend.Input.Feed("abc"u8);
        var state = new Pl011(_line, _clock, new MemoryCharacterBackend()).Save();
        using var uart = new Pl011(_line, _clock, _backend);
        uart.Restore(state);
        Assert.Equal([(uint)'a', 'b', 'c'], Enumerable.Range(0, 3).Select(_ => uart.Read(Data)));
    }

    [Fact]
    public void FasterBaudRateShortensTheTimeoutUnderWay()
    {
        EnableFifo();
        _uart.Write(IntegerBaud, 0xFFFF);
        _backend.Input.Feed("a"u8);
        _uart.Write(IntegerBaud, 13);
        _backend.Input.Feed("b"u8);
        _clock.Advance(300_000);
        Assert.NotEqual(0u, _uart.Read(RawStatus) & InterruptReceiveTimeout);
    }

    private void EnableFifo() => _uart.Write(LineControl, LineFifoEnable | 0x60);

    private void Reload(bool restore)
    {
        if (!restore)
            return;
        var state = _uart.Save();
        _uart.Dispose();
        _uart = new Pl011(_line, _clock, _backend);
        _uart.Restore(state);
    }

    private sealed class NullBackend : ICharacterBackend
    {
        public void Write(byte value)
        {
        }

        public bool TryRead(out byte value)
        {
            value = 0;
            return false;
        }

        public void SetInputHandler(Action? inputAvailable)
        {
        }
    }
}
