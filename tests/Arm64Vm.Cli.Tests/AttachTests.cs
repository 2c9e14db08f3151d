using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text.Json;
using Arm64Vm.Machine.Tests.Machines;

namespace Arm64Vm.Cli.Tests;

/// <summary><c>arm64vm profile --attach</c> beside a process that runs a machine.</summary>
[SupportedOSPlatform("linux")]
public sealed class AttachTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);
    private readonly string _runtime = Directory.CreateTempSubdirectory("attach").FullName;

    public void Dispose() => Directory.Delete(_runtime, recursive: true);

    [Fact]
    public async Task ARunningMachineIsRecordedAndTheGuestGoesOn()
    {
        using var kernel = new TemporaryFile(new TestProgram().Print("up\n").EchoUntil('!').PowerOff().ToElf());
        using var guest = Start("boot", "--kernel", kernel.Path, "--memory", "16M");
        try
        {
            Assert.Equal("up", await guest.StandardOutput.ReadLineAsync().WaitAsync(s_patience));
            var first = Path.Combine(_runtime, "first");
            using (var attached = Start("profile", "--attach", $"{guest.Id}", "--duration", "0.3", "--exact", "--output", first))
                Assert.Equal((0, "arm64vm: profile: recording vm0\n"), await End(attached));
            Assert.True(await Info(first, "exact"));

            // The guest answers as before; then a recording by the machine's name lasts until the machine ends.
            await guest.StandardInput.WriteAsync('x');
            await guest.StandardInput.FlushAsync();
            var echo = new char[1];
            Assert.Equal(1, await guest.StandardOutput.ReadAsync(echo).AsTask().WaitAsync(s_patience));
            Assert.Equal('x', echo[0]);
            var second = Path.Combine(_runtime, "second");
            using (var attached = Start("profile", "--attach", "vm0", "--output", second))
            {
                Assert.Equal("arm64vm: profile: recording vm0; Ctrl-C ends it", await attached.StandardError.ReadLineAsync().WaitAsync(s_patience));
                using (var third = Start("profile", "--attach", $"{guest.Id}/vm0", "--output", Path.Combine(_runtime, "third")))
                    Assert.Equal((1, "arm64vm: profile: The machine is recorded already.\n"), await End(third));
                await guest.StandardInput.WriteAsync('!');
                guest.StandardInput.Close();
                Assert.Equal((0, ""), await End(attached));
            }

            Assert.False(await Info(second, "exact"));
            Assert.Equal((0, ""), await End(guest));
        }
        finally
        {
            guest.Kill();
        }
    }

    [Fact]
    public async Task WithoutSuchAMachineThereIsAMessage()
    {
        using var attached = Start("profile", "--attach", "web", "--output", Path.Combine(_runtime, "p"));
        Assert.Equal((1, "arm64vm: profile: no machine 'web' is running\n"), await End(attached));
        Assert.False(File.Exists(Path.Combine(_runtime, "p")));
    }

    [Theory]
    [InlineData("--memory", "64M")]
    [InlineData("--until", "login:")]
    [InlineData("--attach", "")]
    public void OptionsOfAMachineAreWrongUsage(params string[] options) =>
        Assert.Equal(2, CliRun.Of(["profile", .. (options[0] == "--attach" ? [] : (string[])["--attach", "1"]), "--output", "p", .. options]).Status);

    private async Task<bool> Info(string file, string name)
    {
        using var report = Start("report", file, "--json");
        var json = await report.StandardOutput.ReadToEndAsync().WaitAsync(s_patience);
        Assert.Equal((0, ""), await End(report));
        using var document = JsonDocument.Parse(json);
        return document.RootElement.GetProperty(name).GetBoolean();
    }

    /// <summary>A process's status and messages when it has ended.</summary>
    private static async Task<(int Status, string Messages)> End(Process process)
    {
        var messages = await process.StandardError.ReadToEndAsync().WaitAsync(s_patience);
        await process.WaitForExitAsync().WaitAsync(s_patience);
        return (process.ExitCode, messages);
    }

    private Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["XDG_RUNTIME_DIR"] = _runtime;
        start.ArgumentList.Add(typeof(Application).Assembly.Location);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }
}
