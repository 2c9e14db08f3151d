using Arm64Vm.Machine.Debugging.Qmp;
using Arm64Vm.Machine.Tests.Machines;

namespace Arm64Vm.Machine.Tests.Debugging;

/// <summary>The control socket: greeting, commands, errors, events, and clients that misbehave.</summary>
public sealed class QmpTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose() => File.Delete(_path);

    [Fact]
    public async Task GreetsNegotiatesAndAnswers()
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().Hang()) with { Cpus = 2 });
        await using var server = QmpServer.Start(machine, $"unix:{_path},server,nowait");
        var run = machine.RunAsync(TestContext.Current.CancellationToken);
        using var client = new QmpClient(_path);
        var greeting = await client.ReadAsync();
        Assert.True(greeting.GetProperty("QMP").GetProperty("version").GetProperty("qemu").TryGetProperty("major", out _));
        Assert.Equal(0, greeting.GetProperty("QMP").GetProperty("capabilities").GetArrayLength());

        await client.SendAsync("""{"execute": "query-status", "id": 7}""");
        var refused = await client.ReadAsync();
        Assert.Equal("CommandNotFound", refused.GetProperty("error").GetProperty("class").GetString());
        Assert.Equal(7, refused.GetProperty("id").GetInt32());

        Assert.Equal("{}", (await client.AskAsync("qmp_capabilities")).GetRawText());
        var status = await client.AskAsync("query-status");
        Assert.Equal("running", status.GetProperty("status").GetString());
        Assert.True(status.GetProperty("running").GetBoolean());
        Assert.Equal(2, (await client.AskAsync("query-cpus-fast")).GetArrayLength());
        Assert.Equal(0, (await client.AskAsync("query-block")).GetArrayLength());
        Assert.Equal("serial0", (await client.AskAsync("query-chardev"))[0].GetProperty("label").GetString());
        Assert.Contains((await client.AskAsync("query-commands")).EnumerateArray(), command => command.GetProperty("name").GetString() == "system_powerdown");
        Assert.Contains("Arm64Vm", (await client.AskAsync("query-version")).GetProperty("package").GetString(), StringComparison.Ordinal);
        Assert.Contains("uart0", (await client.AskAsync("human-monitor-command", """{"command-line": "info mtree"}""")).GetString(), StringComparison.Ordinal);

        await client.SendAsync("""{"execute": "stop"}""");
        Assert.Equal(["STOP", "return"], [.. (await client.ReadManyAsync(2)).Order(StringComparer.Ordinal)]);
        Assert.Equal("paused", (await client.AskAsync("query-status")).GetProperty("status").GetString());
        Assert.Contains("PC=", (await client.AskAsync("human-monitor-command", """{"command-line": "info registers", "cpu-index": 0}""")).GetString(), StringComparison.Ordinal);
        await client.SendAsync("""{"execute": "cont"}""");
        Assert.Equal(["RESUME", "return"], [.. (await client.ReadManyAsync(2)).Order(StringComparer.Ordinal)]);
        await client.SendAsync("""{"execute": "system_powerdown"}""");
        Assert.Equal(["POWERDOWN", "return"], [.. (await client.ReadManyAsync(2)).Order(StringComparer.Ordinal)]);
        await client.SendAsync("""{"execute": "system_reset"}""");
        Assert.Equal(["RESET", "return"], [.. (await client.ReadManyAsync(2)).Order(StringComparer.Ordinal)]);
        await client.SendAsync("""{"execute": "quit"}""");
        Assert.Equal(["SHUTDOWN", "return"], [.. (await client.ReadManyAsync(2)).Order(StringComparer.Ordinal)]);
        Assert.Equal(RunEnd.Stopped, (await run.WaitAsync(s_patience, TestContext.Current.CancellationToken)).End);
    }

    [Theory]
    [InlineData("{\"execute\": \"nothing\"}", "CommandNotFound")]
    [InlineData("{\"execute\": \"device_add\", \"arguments\": {\"driver\": \"virtio-net-pci\"}}", "GenericError")]
    [InlineData("{\"execute\": 5}", "GenericError")]
    [InlineData("{\"execute\": \"stop\", \"arguments\": 5}", "GenericError")]
    [InlineData("{\"execute\": \"screendump\"}", "GenericError")]
    [InlineData("{\"execute\": \"screendump\", \"arguments\": {\"filename\": 5}}", "GenericError")]
    [InlineData("{\"execute\": \"screendump\", \"arguments\": {\"filename\": \"/tmp/x.png\"}}", "GenericError")]
    [InlineData("{\"execute\": \"human-monitor-command\", \"arguments\": {\"command-line\": \"info cpus\", \"cpu-index\": 99}}", "GenericError")]
    [InlineData("{\"execute\": \"balloon\", \"arguments\": {\"value\": 5}}", "DeviceNotActive")]
    [InlineData("{\"execute\": \"qmp_capabilities\"}", "CommandNotFound")]
    [InlineData("{}", "GenericError")]
    [InlineData("{\"execute\": }", "GenericError")]
    [InlineData("{]", "GenericError")]
    [InlineData("hello", "GenericError")]
    [InlineData("[1, 2]", "GenericError")]
    [InlineData("\"text\"", "GenericError")]
    public async Task MistakesAreAnsweredAndTheNextCommandWorks(string line, string errorClass)
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().Hang()));
        await using var server = QmpServer.Start(machine, "unix:" + _path);
        using var client = await QmpClient.ReadyAsync(_path);
        await client.SendAsync(line);
        Assert.Equal(errorClass, (await client.ReadAsync()).GetProperty("error").GetProperty("class").GetString());
        Assert.Equal("prelaunch", (await client.AskAsync("query-status")).GetProperty("status").GetString());
    }

    [Fact]
    public async Task CommandsMayComeInPiecesAndTogether()
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().Hang()));
        await using var server = QmpServer.Start(machine, "unix:" + _path);
        using var client = await QmpClient.ReadyAsync(_path);
        foreach (var piece in "{\n  \"execute\":\t\"query-name\", \"id\": \"a}\\\"{b\"\n}")
            await client.WriteAsync(piece.ToString());
        var answer = await client.ReadAsync();
        Assert.Equal("a}\"{b", answer.GetProperty("id").GetString());
        await client.WriteAsync("""{"execute":"query-name","id":1}{"execute":"query-name","id":2}""");
        Assert.Equal(1, (await client.ReadAsync()).GetProperty("id").GetInt32());
        Assert.Equal(2, (await client.ReadAsync()).GetProperty("id").GetInt32());
    }

    [Fact]
    public async Task EndlessCommandsAreCutOff()
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().Hang()));
        await using var server = QmpServer.Start(machine, "unix:" + _path);
        using var client = await QmpClient.ReadyAsync(_path);
        await client.SendAsync("{\"execute\": \"" + new string('x', 200_000) + "\"}");
        Assert.Contains("too long", (await client.ReadAsync()).GetProperty("error").GetProperty("desc").GetString(), StringComparison.Ordinal);
        await client.SendAsync(new string('[', 1000) + "\n{\"a\":" + new string('[', 200) + new string(']', 200) + "}");
        Assert.Contains("JSON parse error", (await client.ReadAsync()).GetProperty("error").GetProperty("desc").GetString(), StringComparison.Ordinal);
        Assert.Contains("JSON parse error", (await client.ReadAsync()).GetProperty("error").GetProperty("desc").GetString(), StringComparison.Ordinal);
        Assert.Equal("prelaunch", (await client.AskAsync("query-status")).GetProperty("status").GetString());
    }

    [Fact]
    public async Task ManyClientsAreServedAndOneTooManyIsSentAway()
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().Hang()));
        await using var server = QmpServer.Start(machine, "unix:" + _path);
        var clients = new List<QmpClient>();
        for (var i = 0; i < QmpServer.MostClients; i++)
            clients.Add(await QmpClient.ReadyAsync(_path));
        using (var another = new QmpClient(_path))
            await Assert.ThrowsAsync<IOException>(another.ReadAsync);
        _ = machine.RunAsync(TestContext.Current.CancellationToken);
        await machine.PauseAsync();
        foreach (var client in clients)
        {
            Assert.Equal("STOP", (await client.ReadAsync()).GetProperty("event").GetString());
            client.Dispose();
        }
    }

    /// <summary>A client that does not read holds up neither the machine nor the other clients, and is sent away.</summary>
    [Fact]
    public async Task AClientThatDoesNotReadIsSentAway()
    {
        await using var machine = VirtualMachine.Create(TestMachine.Config(new TestProgram().Hang()));
        await using var server = QmpServer.Start(machine, "unix:" + _path);
        using var deaf = await QmpClient.ReadyAsync(_path);
        using var other = await QmpClient.ReadyAsync(_path);
        var command = string.Concat(Enumerable.Repeat("""{"execute":"query-commands"}""", 100));
        var isGone = false;
        for (var i = 0; i < 1000 && !isGone; i++)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            try
            {
                await deaf.WriteAsync(command, limit.Token);
            }
            catch (IOException)
            {
                isGone = true;
            }
        }

        Assert.True(isGone);
        Assert.Equal("prelaunch", (await other.AskAsync("query-status")).GetProperty("status").GetString());
    }
}
