using System.Runtime.Versioning;
using System.Text.Json;
using Arm64Vm.Machine.Tests.Machines;

namespace Arm64Vm.Cli.Tests;

/// <summary><c>arm64vm top</c> beside a process that runs machines.</summary>
[SupportedOSPlatform("linux")]
public sealed class TopTests : IDisposable
{
    private readonly CliProcesses _processes = new();

    private string Sockets => _processes.At("arm64vm");

    public void Dispose() => _processes.Dispose();

    [Fact]
    public async Task TopShowsTheMachinesOfAProcess()
    {
        using var kernel = new TemporaryFile(new TestProgram().Print("up\n").Hang().ToElf());
        using var process = _processes.Start("boot", "--kernel", kernel.Path, "--memory", "16M", "--copies", "2");
        try
        {
            for (var i = 0; i < 2; i++)
                Assert.Equal("up", await process.StandardOutput.ReadLineAsync().WaitAsync(CliProcesses.Patience));
            var socket = Path.Combine(Sockets, $"{process.Id}.sock");
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(socket));

            var json = await _processes.OutputOf("top", "--json", "--interval", "0.3");
            using var document = JsonDocument.Parse(json);
            var machines = document.RootElement.GetProperty("machines").EnumerateArray().ToArray();
            Assert.Equal(["0", "1"], machines.Select(machine => machine.GetProperty("name").GetString()));
            Assert.All(machines, machine => Assert.Equal("Running", machine.GetProperty("state").GetString()));
            Assert.True(machines.Sum(machine => machine.GetProperty("share").GetDouble()) > 0.01, json);
            Assert.Equal(1, machines[0].GetProperty("processors").GetArrayLength());
            Assert.All(machines, machine => Assert.InRange(machine.GetProperty("cache").GetProperty("units").GetInt64(), 1, 1000));
            Assert.All(machines, machine => Assert.InRange(machine.GetProperty("cache").GetProperty("table_bytes").GetInt64(), 4096, 1 << 20));
            var caches = await _processes.OutputOf("top", "--cache", "--interval", "0.1");
            Assert.Equal(4, caches.TrimEnd().Split('\n').Length);
            Assert.Matches(@"(?m)^0 +\d+ +\d+ +\d+ +0\.\d% +0 +0 +0 +\d+ +\d+ +0$", caches);

            var text = await _processes.OutputOf("top", $"{process.Id}", "--interval", "0.1", "--count", "2");
            Assert.Equal(2, text.Split('\n').Count(line => line.StartsWith($"process {process.Id}: 2 machines", StringComparison.Ordinal)));
            Assert.Contains("cpu0", text, StringComparison.Ordinal);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task ASocketGoesWithItsProcess()
    {
        using var kernel = new TemporaryFile(new TestProgram().Print("up\n").EchoUntil('!').PowerOff().ToElf());
        using var process = _processes.Start("boot", "--kernel", kernel.Path, "--memory", "16M");
        await process.StandardOutput.ReadLineAsync().WaitAsync(CliProcesses.Patience);
        Assert.Single(Directory.GetFiles(Sockets));
        await process.StandardInput.WriteAsync('!');
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(CliProcesses.Patience);
        Assert.Empty(Directory.GetFiles(Sockets));
        using var top = _processes.Start("top");
        Assert.Equal((1, "arm64vm: top: no machines are running\n"), await CliProcesses.EndOf(top));
    }

    [Theory]
    [InlineData("--interval", "0")]
    [InlineData("--count", "0")]
    public void WrongNumbersAreWrongUsage(params string[] options) => Assert.Equal(2, CliRun.Of(["top", .. options]).Status);
}
