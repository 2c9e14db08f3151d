using System.Runtime.Versioning;
using System.Text.Json;
using Arm64Vm.Machine.Tests.Machines;

namespace Arm64Vm.Cli.Tests;

/// <summary><c>arm64vm profile --attach</c> beside a process that runs a machine.</summary>
[SupportedOSPlatform("linux")]
public sealed class AttachTests : IDisposable
{
    private readonly CliProcesses _processes = new();

    public void Dispose() => _processes.Dispose();

    [Fact]
    public async Task ARunningMachineIsRecordedAndTheGuestGoesOn()
    {
        using var kernel = new TemporaryFile(new TestProgram().Print("up\n").EchoUntil('!').PowerOff().ToElf());
        using var guest = _processes.Start("boot", "--kernel", kernel.Path, "--memory", "16M");
        try
        {
            Assert.Equal("up", await guest.StandardOutput.ReadLineAsync().WaitAsync(CliProcesses.Patience));
            var first = _processes.At("first");
            using (var attached = _processes.Start("profile", "--attach", $"{guest.Id}", "--duration", "0.3", "--exact", "--output", first))
                Assert.Equal((0, "arm64vm: profile: recording vm0\n"), await CliProcesses.EndOf(attached));
            Assert.True(await Info(first, "exact"));

            // The guest answers as before; then a recording by the machine's name lasts until the machine ends.
            await guest.StandardInput.WriteAsync('x');
            await guest.StandardInput.FlushAsync();
            var echo = new char[1];
            Assert.Equal(1, await guest.StandardOutput.ReadAsync(echo).AsTask().WaitAsync(CliProcesses.Patience));
            Assert.Equal('x', echo[0]);
            var second = _processes.At("second");
            using (var attached = _processes.Start("profile", "--attach", "vm0", "--output", second))
            {
                Assert.Equal("arm64vm: profile: recording vm0; Ctrl-C ends it", await attached.StandardError.ReadLineAsync().WaitAsync(CliProcesses.Patience));
                using (var third = _processes.Start("profile", "--attach", $"{guest.Id}/vm0", "--output", _processes.At("third")))
                    Assert.Equal((1, "arm64vm: profile: The machine is recorded already.\n"), await CliProcesses.EndOf(third));
                await guest.StandardInput.WriteAsync('!');
                guest.StandardInput.Close();
                Assert.Equal((0, ""), await CliProcesses.EndOf(attached));
            }

            Assert.False(await Info(second, "exact"));
            Assert.Equal((0, ""), await CliProcesses.EndOf(guest));
        }
        finally
        {
            guest.Kill();
        }
    }

    [Fact]
    public async Task WithoutSuchAMachineThereIsAMessage()
    {
        using var attached = _processes.Start("profile", "--attach", "web", "--output", _processes.At("p"));
        Assert.Equal((1, "arm64vm: profile: no machine 'web' is running\n"), await CliProcesses.EndOf(attached));
        Assert.False(File.Exists(_processes.At("p")));
    }

    [Theory]
    [InlineData("--memory", "64M")]
    [InlineData("--until", "login:")]
    [InlineData("--attach", "")]
    public void OptionsOfAMachineAreWrongUsage(params string[] options) =>
        Assert.Equal(2, CliRun.Of(["profile", .. (options[0] == "--attach" ? [] : (string[])["--attach", "1"]), "--output", "p", .. options]).Status);

    private async Task<bool> Info(string file, string name)
    {
        using var document = JsonDocument.Parse(await _processes.OutputOf("report", file, "--json"));
        return document.RootElement.GetProperty(name).GetBoolean();
    }
}
