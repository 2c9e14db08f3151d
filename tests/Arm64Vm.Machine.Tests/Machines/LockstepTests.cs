using Arm64Vm.Machine.Lockstep;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Tests.Machines;

public class LockstepTests
{
    [Fact]
    public void SeveralProcessorsAreRefused()
    {
        var config = TestMachine.Config(new TestProgram().PowerOff()) with { Cpus = 2 };
        Assert.Contains("one processor", Assert.Throws<MachineConfigurationException>(() => new LockstepMachine(config)).Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, MachineConfig> ForeignDevices { get; } = new()
    {
        { "network", new() { Networks = [new UserNetworkConfig()] } },
        { "shared folder", new() { Shares = [new ShareConfig("/", "root")] } },
        { "vsock", new() { Vsock = new VsockConfig("nowhere") } },
        { "TPM", new() { Tpm = new TpmConfig("nowhere") } },
        { "virtio console", new() { HasVirtioConsole = true } },
        { "virtio console", new() { VirtioPorts = [new VirtioPortConfig("agent")] } },
        { "second serial console", new() { HasSecondSerial = true } },
    };

    [Theory]
    [MemberData(nameof(ForeignDevices))]
    public void DevicesThatOthersAnswerForAreRefused(string named, MachineConfig config) =>
        Assert.Contains($"no {named}.", Assert.Throws<MachineConfigurationException>(() => new LockstepMachine(config)).Message, StringComparison.Ordinal);

    /// <summary>Emitted code with the interpreter, and the il back end with emitted code.</summary>
    [Theory]
    [InlineData(ExecutionBackend.X64)]
    [InlineData(ExecutionBackend.Il)]
    public void BothExecutorsAgreeOnTheSelfTests(ExecutionBackend backend)
    {
        using var machine = new LockstepMachine(new MachineConfig { Backend = backend, Kernel = TestMachine.Firmware(), Append = "kernels=none", Memory = 64 << 20 });
        var result = machine.Run();
        Assert.Empty(result.Differences);
        Assert.Equal(LockstepEnd.GuestEnded, result.End);
        Assert.Contains("FIRMWARE OK", machine.Console.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void ADifferentRegisterIsNamedWithItsUnit()
    {
        using var machine = new LockstepMachine(TestMachine.Config(new TestProgram().Set(1, 5).Hang()));
        Assert.Equal(LockstepEnd.Limit, machine.Run(100).End);
        machine.Jit.Board.Vcpu.SetX(7, 0xBAD);
        var result = machine.Run(100);
        Assert.Equal(LockstepEnd.Difference, result.End);
        Assert.Equal(new LockstepDifference("x7", "0", "bad"), Assert.Single(result.Differences));
        Assert.NotNull(result.Unit);
        Assert.Equal([0x1400_0000u], result.Unit.Words);
        Assert.NotEmpty(result.Unit.HostCode);
        Assert.Contains("Jump", result.Unit.Ir, StringComparison.Ordinal);
    }

    [Fact]
    public void ADifferentByteOfMemoryIsNamed()
    {
        using var machine = new LockstepMachine(TestMachine.Config(new TestProgram().Hang()));
        Assert.True(machine.Jit.Board.Memory.TryWrite(0x4123_4567, [0xAB]));
        var result = machine.Run(1);
        Assert.Equal(LockstepEnd.Difference, result.End);
        Assert.Equal(new LockstepDifference("memory 0x41234567", "00", "ab"), Assert.Single(result.Differences));
    }

    [Fact]
    public void VariablesAreReadAndLeftAlone()
    {
        var path = Path.GetTempFileName();
        try
        {
            using (var file = File.OpenWrite(path))
            {
                file.Write("there"u8);
                file.SetLength((long)MemoryMap.Flash1.Size);
            }

            var program = new TestProgram().Set(1, MemoryMap.Flash1.Base).Set(2, 0x0020_0020).Set(3, 0x00D0_00D0).Add(0xB900_0022, 0xB900_0023).PowerOff(); // erase
            using var machine = new LockstepMachine(new MachineConfig { Firmware = program.ToElf()[120..], Vars = path, Memory = 64 << 20 });
            Assert.True(machine.Jit.Board.Bus.TryRead(MemoryMap.Flash1.Base, 4, out var start));
            Assert.Equal(0x7265_6874ul, start);
            var result = machine.Run();
            Assert.Empty(result.Differences);
            Assert.Equal(LockstepEnd.GuestEnded, result.End);
            using var after = File.OpenRead(path);
            Assert.Equal('t', after.ReadByte());
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void AGuestThatWaitsForNothingEndsTheRun()
    {
        using var machine = new LockstepMachine(TestMachine.Config(new TestProgram().Add(0xD503_207F, 0x17FF_FFFF)));
        Assert.Equal(LockstepEnd.WaitsForever, machine.Run(1000).End);
    }
}
