using Arm64Vm.Devices.Tpm;

namespace Arm64Vm.Devices.Tests.Tpm;

public sealed class TpmCrbTests : TpmRegisterTests
{
    private const ulong Base = 0x0C00_0000;
    private const uint LocalityControl = 0x08;
    private const uint Request = 0x40;
    private const uint Start = 0x4C;
    private const uint Data = 0x80;

    public TpmCrbTests()
        : base((tpm, hasThread) => new TpmCrb(tpm, Base, hasThread))
    {
    }

    [Fact]
    public void ItSaysWhatItIsAndWhereTheBufferIs()
    {
        Assert.Equal((1u, 1u), (Read(0x30) & 15, Read(0x30) >> 14 & 1));
        Assert.Equal(0x0001_1014u, Read(0x34));
        Assert.Equal(((uint)Base + Data, 0u, 0xF80u), (Read(0x5C), Read(0x60), Read(0x58)));
        Assert.Equal(Base + Data, ReadWide(0x68, 8));
        Assert.Equal(0x81u, Read(0, 1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ACommandInTheBufferIsExecutedAndTheResponseIsThere(bool restore)
    {
        var command = FakeTpm.Command(22);
        Write(LocalityControl, 1);
        Assert.Equal((0x83u, 1u), (Read(0, 1), Read(0x0C)));
        Write(Request, 1);
        Assert.Equal(0u, Read(0x44));
        for (var i = 0; i < command.Length; i++)
            Write(Data + (uint)i, command[i], 1);
        if (restore)
            Reload<TpmCrbState>();
        Write(Start, 1);
        Assert.Equal(0u, Read(Start));
        Assert.Equal(command, Assert.Single(Tpm.Commands).Command);
        if (restore)
            Reload<TpmCrbState>();
        var response = FakeTpm.Response(12);
        Assert.Equal(BitConverter.ToUInt64(response), ReadWide(Data, 8));
        Assert.Equal(BitConverter.ToUInt32(response, 8), Read(Data + 8));
        Write(Request, 2);
        Assert.Equal(2u, Read(0x44));
        Write(LocalityControl, 2);
        Assert.Equal(0u, Read(0x0C));
    }

    [Fact]
    public void NothingIsExecutedWhileIdleOrWithoutTheLocality()
    {
        Write(Start, 1);
        Write(LocalityControl, 1);
        Write(Start, 1);
        Assert.Empty(Tpm.Commands);
        Write(Request, 1);
        Write(Start, 1);
        Assert.Empty(Tpm.Commands);
        Assert.Equal(0x0180u, Read(Data, 2));
    }

    [Fact]
    public void TheBufferStaysAsItIsWhileTheModuleWorks()
    {
        Restart(hasThread: true);
        Tpm.Gate = new ManualResetEventSlim();
        Write(LocalityControl, 1);
        Write(Request, 1);
        foreach (var (value, i) in FakeTpm.Command(10).Select((value, i) => (value, (uint)i)))
            Write(Data + i, value, 1);
        Write(Start, 1);
        Assert.Equal(1u, Read(Start));
        Write(Data, 77, 1);
        Write(Request, 2);
        Assert.Equal((0u, 0u), (Read(Data, 1), Read(0x44)));
        Tpm.Gate.Set();
        Assert.True(SpinWait.SpinUntil(() => Read(Start) == 0, 30_000));
        Assert.Equal(1u, Read(Data, 1));
    }

    [Fact]
    public void AccessesOutsideOrAcrossAreRefused()
    {
        Assert.False(Device.TryRead(0x1000, 1, out _));
        Assert.False(Device.TryRead(0xFFC, 8, out _));
        Assert.False(Device.TryWrite(0x41, 4, 1));
        Assert.True(Device.TryWrite(0xFF8, 8, 1));
    }
}
