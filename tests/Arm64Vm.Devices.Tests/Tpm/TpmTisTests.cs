using Arm64Vm.Devices.Tpm;
using CsCheck;

namespace Arm64Vm.Devices.Tests.Tpm;

public sealed class TpmTisTests : TpmRegisterTests
{
    private const uint Access = 0x00;
    private const uint Status = 0x18;
    private const uint Fifo = 0x24;

    // TPM_ACCESS and TPM_STS.
    private const uint RequestUse = 0x02;
    private const uint PendingRequest = 0x04;
    private const uint Seize = 0x08;
    private const uint BeenSeized = 0x10;
    private const uint Active = 0x20;
    private const uint Retry = 0x02;
    private const uint Expect = 0x08;
    private const uint Available = 0x10;
    private const uint Go = 0x20;
    private const uint Ready = 0x40;

    public TpmTisTests()
        : base((tpm, hasThread) => new TpmTis(tpm, hasThread))
    {
    }

    [Fact]
    public void ItSaysWhatItIs()
    {
        Assert.Equal(0x0001_1014u, Read(0xF00));
        Assert.Equal(0x3000_0600u, Read(0x14));
        Assert.Equal(0x2100u, Read(0x30));
        Assert.Equal(0x81u, Read(Access, 1));
        Assert.Equal(1, Tpm.PowerOns);
    }

    [Theory]
    [InlineData(1, 1, false)]
    [InlineData(4, 4, false)]
    [InlineData(1, 4, true)]
    [InlineData(2, 8, true)]
    public void ACommandGoesThroughTheFifoAndItsResponseComesBack(int writeSize, int readSize, bool restore)
    {
        var command = FakeTpm.Command(24);
        Tpm.ResponseLength = 32;
        Take();
        Write(Status, Ready);
        Assert.Equal(Ready, Read(Status) & Ready);
        for (var i = 0; i < command.Length; i += writeSize)
        {
            Assert.Equal(i == 0 ? 0 : Expect, Read(Status) & Expect);
            Write(writeSize == 4 ? 0x80 + (uint)i % 64 : Fifo, Number(command.AsSpan(i, writeSize)), writeSize);
            if (restore)
                Reload<TpmTisState>();
        }

        Assert.Equal(0u, Read(Status) & Expect);
        Write(Status, Go);
        Assert.Equal(0, Assert.Single(Tpm.Commands).Locality);
        Assert.Equal(command, Tpm.Commands[0].Command);
        if (restore)
            Reload<TpmTisState>();
        Assert.Equal(32u, Read(Status) >> 8 & 0xFFFF);
        Assert.Equal(FakeTpm.Response(32), Response(readSize));
        Assert.Equal(0u, Read(Status) & Available);
        Write(Status, Retry);
        Assert.Equal(FakeTpm.Response(32), Response(readSize));
        Assert.Equal(0xFFu, Read(Fifo, 1));
    }

    [Fact]
    public void ACommandThatIsNotAllThereIsNotExecuted()
    {
        Take();
        Write(Status, Go);
        Write(Status, Ready);
        Send(FakeTpm.Command(20).AsSpan(0, 12));
        Write(Status, Go);
        Assert.Empty(Tpm.Commands);
        Assert.Equal(Expect, Read(Status) & Expect);
    }

    /// <summary>The response is the interface's own: TPM_RC_COMMAND_SIZE.</summary>
    [Fact]
    public void ACommandThatIsLongerThanTheBufferIsRefused()
    {
        var command = FakeTpm.Command(ITpm.MaximumMessage);
        command[3] = 1;
        Take();
        Write(Status, Ready);
        Send(command);
        Send(command);
        Write(Status, Go);
        Assert.Empty(Tpm.Commands);
        Assert.Equal([0x80, 0x01, 0, 0, 0, 10, 0, 0, 1, 0x42], Response(1));
    }

    [Fact]
    public void ALostModuleIsAFailureOfTheCommand()
    {
        Tpm.IsGone = true;
        Take();
        Write(Status, Ready);
        Send(FakeTpm.Command(10));
        Write(Status, Go);
        Assert.Equal([0x80, 0x01, 0, 0, 0, 10, 0, 0, 1, 0x01], Response(1));
    }

    [Fact]
    public void OneLocalityAtATimeHasTheModule()
    {
        Take();
        Write(0x2000 + Access, RequestUse, 1);
        Write(0x1000 + Access, RequestUse, 1);
        Assert.Equal((Active | PendingRequest, RequestUse), (Read(Access, 1) & (Active | PendingRequest), Read(0x2000, 1) & (Active | RequestUse)));
        Assert.Equal(uint.MaxValue, Read(0x2000 + Status));
        Write(Access, Active, 1);
        Assert.Equal((0u, Active, 0u), (Read(Access, 1) & Active, Read(0x2000, 1) & Active, Read(0x1000, 1) & Active));
        Write(0x3000 + Access, Seize, 1);
        Assert.Equal((BeenSeized, Active), (Read(0x2000, 1) & (Active | BeenSeized), Read(0x3000, 1) & Active));
        Write(0x2000 + Access, BeenSeized, 1);
        Assert.Equal(0u, Read(0x2000, 1) & BeenSeized);
        Write(0x4000 + Access, Seize, 1);
        Assert.Equal(0u, Read(0x4000, 1) & Active);
        Write(0x3000 + Access, Active, 1);
        Assert.Equal(Active, Read(0x1000, 1) & Active);
        Write(0x1000 + Status, Ready);
        Send(FakeTpm.Command(10), locality: 1);
        Write(0x1000 + Status, Go);
        Assert.Equal(1, Assert.Single(Tpm.Commands).Locality);
    }

    [Fact]
    public void NoProcessorWaitsForTheModule()
    {
        Restart(hasThread: true);
        Tpm.Gate = new ManualResetEventSlim();
        Take();
        Write(Status, Ready);
        Send(FakeTpm.Command(10));
        Write(Status, Go);
        Assert.Equal(0u, Read(Status) & (Available | Ready | 0x80));

        // What nobody waits for any more is executed to its end, then the next command may come.
        Write(Status, Ready);
        Assert.Equal(0u, Read(Status) & Ready);
        Tpm.Gate.Set();
        Assert.True(SpinWait.SpinUntil(() => (Read(Status) & Ready) != 0, 30_000));
        Send(FakeTpm.Command(11));
        Write(Status, Go);
        Assert.True(SpinWait.SpinUntil(() => (Read(Status) & Available) != 0, 30_000));
        Assert.Equal(FakeTpm.Response(12), Response(1));
        Assert.Equal([10, 11], Tpm.Commands.Select(command => command.Command.Length));
    }

    [Fact]
    public void RandomAccessesNeverThrow() =>
        Gen.Select(Gen.UInt[0, 0x5007], Gen.Int[0, 3], Gen.ULong, Gen.Bool).Array[0, 200].Sample(
            accesses =>
            {
                foreach (var (offset, size, value, writes) in accesses)
                {
                    var register = value % 3 == 0 ? offset : offset & 0x3018;
                    if (writes)
                        Device.TryWrite(register, 1 << size, value);
                    else
                        Device.TryRead(register, 1 << size, out _);
                }
            },
            iter: 300,
            threads: 1);

    private void Take()
    {
        Write(Access, RequestUse, 1);
        Assert.Equal(Active, Read(Access, 1) & Active);
    }

    private void Send(ReadOnlySpan<byte> bytes, uint locality = 0)
    {
        foreach (var value in bytes)
            Write(0x1000 * locality + Fifo, value, 1);
    }

    private byte[] Response(int size)
    {
        var response = new List<byte>();
        while ((Read(Status) & Available) != 0)
        {
            var value = ReadWide(size == 8 ? 0x80u : Fifo, size);
            for (var i = 0; i < size; i++)
                response.Add((byte)(value >> (8 * i)));
        }

        return [.. response];
    }

    private static ulong Number(ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (var i = 0; i < bytes.Length; i++)
            value |= (ulong)bytes[i] << (8 * i);
        return value;
    }
}
