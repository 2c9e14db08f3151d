using System.Text.Json;
using Arm64Vm.Machine.Tests.Machines;

namespace Arm64Vm.Cli.Tests;

public class BootCommandTests
{
    private const string Small = "--memory=64M";

    [Theory]
    [InlineData("auto")]
    [InlineData("interpreter")]
    public void PowerOffIsStatus0(string backend)
    {
        using var kernel = Program(p => p.Print("hello\n").PowerOff());
        var run = CliRun.Of("boot", "--kernel", kernel.Path, Small, "--backend", backend);
        Assert.Equal(new CliRun(0, "hello\n", ""), run);
    }

    [Fact]
    public void SemihostingStatusPassesThrough()
    {
        using var kernel = Program(p => p.SemihostingExit(42));
        Assert.Equal(42, CliRun.Of("boot", "--kernel", kernel.Path, Small).Status);
    }

    [Fact]
    public void SemihostingCanBeSwitchedOff()
    {
        using var kernel = Program(p => p.SemihostingExit(42));
        CliRun.Of("boot", "--kernel", kernel.Path, Small, "--semihosting", "off", "--timeout", "0.5").ExpectFailure(124, "time-out");
        Assert.Equal(42, CliRun.Of("boot", "--kernel", kernel.Path, Small, "--semihosting", "user").Status);
        Assert.Equal(2, CliRun.Of("boot", "--kernel", kernel.Path, Small, "--semihosting", "yes").Status);
    }

    [Fact]
    public void AScreenshotIsAPngFile()
    {
        using var file = new TemporaryFile([]);
        using var kernel = Program(p => p.Show().PowerOff());
        Assert.Equal(new CliRun(0, "", ""), CliRun.Of("boot", "--kernel", kernel.Path, Small, "--screenshot", file.Path));
        var bytes = File.ReadAllBytes(file.Path);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], bytes[..4]);
        Assert.Equal([0, 0, 0, 2, 0, 0, 0, 1], bytes[16..24]);
    }

    [Fact]
    public void AScreenshotOfNothingIsAFailureAndLeavesTheFileAlone()
    {
        using var file = new TemporaryFile("old"u8.ToArray());
        using var kernel = Program(p => p.PowerOff());
        CliRun.Of("boot", "--kernel", kernel.Path, Small, "--screenshot", file.Path).ExpectFailure(1, "shows nothing");
        Assert.Equal("old", File.ReadAllText(file.Path));
    }

    [Fact]
    public void ASecondSerialPortGoesToItsFile()
    {
        using var file = new TemporaryFile([]);
        using var kernel = Program(p => p.Print("one").Set(17, 0x0904_0000).Set(16, '2').Add(0x3900_0230).PowerOff()); // strb w16, [x17]
        Assert.Equal(new CliRun(0, "one", ""), CliRun.Of("boot", "--kernel", kernel.Path, Small, "--serial2", "file:" + file.Path));
        Assert.Equal("2", File.ReadAllText(file.Path));
        Assert.Equal(2, CliRun.Of("boot", "--kernel", kernel.Path, Small, "--serial2", "stdio").Status);
        Assert.Equal(2, CliRun.Of("boot", "--kernel", kernel.Path, Small, "--serial2", "file:" + kernel.Path).Status);
    }

    [Fact]
    public void TimeoutIsStatus124()
    {
        using var kernel = Program(p => p.Hang());
        CliRun.Of("boot", "--kernel", kernel.Path, Small, "--timeout", "0.2").ExpectFailure(124, "time-out after 0.2 s");
    }

    [Fact]
    public void UntilEndsWithStatus0()
    {
        using var kernel = Program(p => p.Print("ready to go").Hang());
        var run = CliRun.Of("boot", "--kernel", kernel.Path, Small, "--until", "ready", "--timeout", "60");
        Assert.Equal((0, ""), (run.Status, run.Error));
        Assert.StartsWith("ready", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void UntilThatNeverCameIsAFailure()
    {
        using var kernel = Program(p => p.Print("no").PowerOff());
        CliRun.Of("boot", "--kernel", kernel.Path, Small, "--until", "yes").ExpectFailure(1, "before the console printed \"yes\"");
    }

    [Fact]
    public void ResetStartsAgainUnlessToldOtherwise()
    {
        using var kernel = Program(p => p.Print("[boot]").Reset());
        Assert.Equal(new CliRun(121, "[boot]", ""), CliRun.Of("boot", "--kernel", kernel.Path, Small, "--no-reboot"));
        var again = CliRun.Of("boot", "--kernel", kernel.Path, Small, "--until", "[boot][boot]", "--timeout", "60");
        Assert.Equal(0, again.Status);
    }

    [Fact]
    public void StandardInputGoesToTheGuest()
    {
        using var kernel = Program(p => p.EchoUntil('.').PowerOff());
        Assert.Equal(new CliRun(0, "typed.", ""), CliRun.OfWithInput("typed.", "boot", "--kernel", kernel.Path, Small, "--timeout", "60"));
    }

    [Fact]
    public void SerialCanGoToAFileOrNowhere()
    {
        using var kernel = Program(p => p.Print("hello").PowerOff());
        using var file = new TemporaryFile([]);
        Assert.Equal(new CliRun(0, "", ""), CliRun.Of("boot", "--kernel", kernel.Path, Small, "--serial", "file:" + file.Path));
        Assert.Equal("hello", File.ReadAllText(file.Path));
        Assert.Equal(new CliRun(0, "", ""), CliRun.Of("boot", "--kernel", kernel.Path, Small, "--serial", "none"));
    }

    [Fact]
    public void DeviceTreeCanBeWrittenAndGivenBack()
    {
        using var kernel = Program(p => p.PowerOff());
        using var file = new TemporaryFile([]);
        Assert.Equal(0, CliRun.Of("boot", "--kernel", kernel.Path, Small, "--dump-dtb", file.Path).Status);
        Assert.Equal([0xD0, 0x0D, 0xFE, 0xED], File.ReadAllBytes(file.Path)[..4]);
        Assert.Equal(0, CliRun.Of("boot", "--kernel", kernel.Path, Small, "--dtb", file.Path).Status);
    }

    [Fact]
    public void StatisticsAreTextOrJson()
    {
        using var kernel = Program(p => p.Print("x").PowerOff());
        var text = CliRun.Of("boot", "--kernel", kernel.Path, Small, "--stats");
        Assert.Contains("wall time", text.Error, StringComparison.Ordinal);
        var json = JsonDocument.Parse(CliRun.Of("boot", "--kernel", kernel.Path, Small, "--stats=json").Error).RootElement;
        Assert.True(json.GetProperty("seconds").GetDouble() > 0);
        Assert.Equal(1, json.GetProperty("exits").GetProperty("HypervisorCall").GetInt32());
        Assert.Matches(@"(?m)^kernel +[0-9.]+ s +[0-9]+ instructions, +[0-9]+ translated in +[0-9]+ blocks; exits: .*HypervisorCall 1", text.Error);
        var phase = Assert.Single(json.GetProperty("phases").EnumerateArray());
        Assert.Equal("kernel", phase.GetProperty("name").GetString());
        Assert.Equal(1, phase.GetProperty("exits").GetProperty("HypervisorCall").GetInt32());
        Assert.True(phase.GetProperty("instructions").GetInt64() >= phase.GetProperty("instructions_translated").GetInt64());
    }

    [Fact]
    public void StatisticsNameEveryProcessor()
    {
        using var kernel = Program(p => p.PowerOff());
        var text = CliRun.Of("boot", "--kernel", kernel.Path, Small, "--cpus", "3", "--stats");
        Assert.Matches(@"(?m)^cpu0 +on +0 interrupts +[1-9][0-9]* exits", text.Error);
        Assert.Matches(@"(?m)^cpu2 +off +0 interrupts +0 exits", text.Error);
        var json = JsonDocument.Parse(CliRun.Of("boot", "--kernel", kernel.Path, Small, "--cpus", "3", "--stats=json").Error).RootElement;
        var processors = json.GetProperty("processors").EnumerateArray().ToArray();
        Assert.Equal(["on", "off", "off"], processors.Select(one => one.GetProperty("power").GetString()));
        Assert.Equal(1, processors[0].GetProperty("exits").GetProperty("HypervisorCall").GetInt32());
    }

    [Fact]
    public void LogsWhatWasAskedFor()
    {
        // A load from a hole of the board, which ends in an abort at an address where no code is.
        using var kernel = Program(p => p.Set(1, 0x0B00_0000).Add(0xF940_0020).Hang());
        var run = CliRun.Of("boot", "--kernel", kernel.Path, Small, "--timeout", "3", "--log", "mmio");
        Assert.Contains("mmio: read of 8 bytes at 0xb000000: nothing is there", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("auto")]
    [InlineData("interpreter")]
    public void LogsTranslationUnits(string backend)
    {
        using var kernel = Program(p => p.Add(0x1400_0001, 0x1400_0001).PowerOff()); // b .+4; b .+4
        var run = CliRun.Of("boot", "--kernel", kernel.Path, Small, "--log", "blocks", "--backend", backend);
        Assert.Equal("blocks: 40080000 -> 40080004\nblocks: 40080004 -> 40080008\nblocks: 40080008 -> 40080014 HypervisorCall\n", run.Error);
    }

    [Fact]
    public void CodeHasAsMuchMemoryAsIsSaid() =>
        Assert.Equal(0, CliRun.Of("boot", "--append", "kernels=none", "--memory", "128M", "--code-memory", "8M", "--timeout", "100").Status);

    [Fact]
    public void TheEmbeddedFirmwarePasses()
    {
        var run = CliRun.Of("boot", "--append", "kernels=none", "--memory", "128M", "--timeout", "100");
        Assert.Equal((0, ""), (run.Status, run.Error));
        Assert.Contains("FIRMWARE OK", run.Output, StringComparison.Ordinal);
    }

    private static TemporaryFile Program(Func<TestProgram, TestProgram> write) => new(write(new TestProgram()).ToElf());
}
