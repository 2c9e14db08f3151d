using System.Text;
using System.Xml.Linq;
using Arm64Vm.Cpu.Debugging;
using Arm64Vm.Machine.Debugging;
using Arm64Vm.Machine.Debugging.Gdb;

namespace Arm64Vm.Machine.Tests.Debugging;

/// <summary>The remote serial protocol, packet by packet, on a target that does nothing.</summary>
public sealed class GdbSessionTests : IDisposable
{
    private readonly SocketPair _sockets = new();
    private readonly FakeTarget _target = new();
    private readonly GdbSession _session;
    private readonly RspClient _client;
    private readonly Task _run;

    public GdbSessionTests()
    {
        _session = new GdbSession(_target, _sockets.Server);
        _client = new RspClient(_sockets.Client);
        _run = _session.RunAsync(CancellationToken.None);
    }

    public void Dispose()
    {
        _client.Dispose();
        _sockets.Dispose();
    }

    [Fact]
    public async Task SaysWhatItCan()
    {
        var supported = await _client.AskAsync("qSupported:multiprocess+;swbreak+;hwbreak+;qRelocInsn+");
        Assert.Contains("PacketSize=8000", supported, StringComparison.Ordinal);
        Assert.Contains("qXfer:features:read+", supported, StringComparison.Ordinal);
        Assert.DoesNotContain("ReverseStep", supported, StringComparison.Ordinal);
        Assert.Equal("", await _client.AskAsync("vMustReplyEmpty"));
        Assert.Equal("", await _client.AskAsync("qTStatus"));
        Assert.Equal("vCont;c;C;s;S;t", await _client.AskAsync("vCont?"));
        Assert.StartsWith("E.Going backwards is not possible", await _client.AskAsync("bs"), StringComparison.Ordinal);
        Assert.StartsWith("E.Going backwards is not possible", await _client.AskAsync("bc"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task DescribesEveryRegister()
    {
        var xml = new StringBuilder();
        for (var more = true; more;)
        {
            var part = await _client.AskAsync($"qXfer:features:read:target.xml:{xml.Length:x},3f1");
            more = part[0] == 'm';
            xml.Append(part.AsSpan(1));
        }

        var document = XDocument.Parse(xml.ToString().Replace("<!DOCTYPE target SYSTEM \"gdb-target.dtd\">", "", StringComparison.Ordinal));
        var registers = document.Descendants("reg").ToList();
        Assert.Equal(_target.Registers.Count, registers.Count);
        for (var i = 0; i < registers.Count; i++)
        {
            Assert.Equal(i.ToString(), registers[i].Attribute("regnum")!.Value);
            Assert.Equal((_target.Registers.SizeOf(i) * 8).ToString(), registers[i].Attribute("bitsize")!.Value);
        }

        Assert.Equal(["x0", "sp", "pc", "cpsr", "v0", "fpcr", "pauth_dmask", "VBAR_EL1", "ESR_EL1"],
            ((int[])[0, 31, 32, 33, 34, 67, 68, 72, 73]).Select(number => registers[number].Attribute("name")!.Value));
        Assert.Equal("E00", await _client.AskAsync("qXfer:features:read:other.xml:0,100"));
        Assert.Equal("l", await _client.AskAsync("qXfer:features:read:target.xml:fffffff,100"));
    }

    [Fact]
    public async Task ReadsAndWritesRegisters()
    {
        Assert.Equal("OK", await _client.AskAsync("P20=8877665544332211"));
        Assert.Equal("8877665544332211", await _client.AskAsync("p20"));
        var all = await _client.AskAsync("g");
        Assert.Equal(2 * ((33 * 8) + 4 + (32 * 16) + 8), all.Length);
        Assert.Equal("8877665544332211", all.Substring(32 * 16, 16));
        Assert.Equal("OK", await _client.AskAsync("G" + "0100000000000000" + all[16..]));
        Assert.Equal("0100000000000000", await _client.AskAsync("p0"));

        // The other processor has its own.
        Assert.Equal("OK", await _client.AskAsync("Hg2"));
        Assert.Equal("0000000000000000", await _client.AskAsync("p20"));
        foreach (var bad in (string[])["p", "pzz", "pffff", "P20", "P20=11", "P20=11zz", "Pffff=00", "G0", "Hg9", "H", "Hx1", "HgX"])
            Assert.Equal("E01", await _client.AskAsync(bad));
    }

    [Fact]
    public async Task ReadsAndWritesMemory()
    {
        Assert.Equal("OK", await _client.AskAsync("M100,4:01020304"));
        Assert.Equal("01020304", await _client.AskAsync("m100,4"));
        Assert.Equal("OK", await _client.AskAsync("X200,5:a}\u0003}\u0004}]b"));
        Assert.Equal("612324" + "7d62", await _client.AskAsync("m200,5"));
        Assert.Equal("OK", await _client.AskAsync("X200,0:"));
        Assert.Equal("0000", await _client.AskAsync("m1fffe,10"));
        Assert.Equal("E14", await _client.AskAsync("m20000,10"));
        Assert.Equal("E14", await _client.AskAsync("M1ffff,2:0000"));
        foreach (var bad in (string[])["m", "m1", "m1,", "m11112222333344445,1", "M1,2:11", "M1,1:1z", "X1,3:ab", "m1,1x"])
            Assert.Equal("E01", await _client.AskAsync(bad));

        // The longest answer fits a packet, whatever was asked for.
        Assert.Equal(0x8000, (await _client.AskAsync("m0,ffffffff")).Length);
    }

    [Fact]
    public async Task MemoryIsVirtualUnlessAskedForAsPhysical()
    {
        Assert.Equal("0", await _client.AskAsync("qqemu.PhyMemMode"));
        await _client.AskAsync("m10,1");
        Assert.Equal("OK", await _client.AskAsync("Qqemu.PhyMemMode:1"));
        Assert.Equal("1", await _client.AskAsync("qqemu.PhyMemMode"));
        await _client.AskAsync("m20,1");
        Assert.Equal(["read virtual 10", "read physical 20"], _target.Calls);
    }

    [Fact]
    public async Task SetsAndRemovesPoints()
    {
        foreach (var packet in (string[])["Z0,1000,4", "Z1,2000,4", "Z2,3000,8", "Z3,3000,1", "Z4,3000,4", "z0,1000,4", "z2,3000,8"])
            Assert.Equal("OK", await _client.AskAsync(packet));
        Assert.Equal(["add 1000", "add 2000", "watch 3000,8 Write", "watch 3000,1 Read", "watch 3000,4 Any", "remove 1000", "unwatch 3000,8 Write"], _target.Calls);
        Assert.Equal("", await _client.AskAsync("Z5,1000,4"));
        foreach (var bad in (string[])["Z", "Z0", "Z0,", "Z0,1000", "Zx,1000,4"])
            Assert.Equal("E01", await _client.AskAsync(bad));
    }

    [Fact]
    public async Task ListsThreads()
    {
        Assert.Equal("m1,2", await _client.AskAsync("qfThreadInfo"));
        Assert.Equal("l", await _client.AskAsync("qsThreadInfo"));
        Assert.Equal("QC1", await _client.AskAsync("qC"));
        Assert.Equal("OK", await _client.AskAsync("T2"));
        Assert.Equal("E03", await _client.AskAsync("T3"));
        Assert.Equal("CPU#1", Encoding.ASCII.GetString(Convert.FromHexString(await _client.AskAsync("qThreadExtraInfo,2"))));
        Assert.Equal("E01", await _client.AskAsync("qThreadExtraInfo,9"));
        Assert.Equal("1", await _client.AskAsync("qAttached"));
    }

    [Theory]
    [InlineData("vCont;c", "resume Continue Continue")]
    [InlineData("vCont;s:1;c", "resume Step Continue")]
    [InlineData("vCont;s:2", "resume Hold Step")]
    [InlineData("vCont;t:1;c", "resume Hold Continue")]
    [InlineData("vCont;C05:2;S05:1", "resume Step Continue")]
    [InlineData("c", "resume Continue Continue")]
    [InlineData("s", "resume Step Continue")]
    [InlineData("C05", "resume Continue Continue")]
    [InlineData("S05;1234", "resume Step Continue")]
    public async Task GoesOn(string packet, string expected)
    {
        await _client.SendAsync(packet);
        while (_target.Calls.Count == 0)
            await Task.Delay(1, TestContext.Current.CancellationToken);
        Assert.Equal(expected, _target.Calls[0]);
        _target.Stop(new TargetStop(1, new DebugStop(DebugStopKind.Step, 0x1000)));
        Assert.Equal("T05thread:2;1d:0000000000000000;1f:0000000000000000;20:0000000000000000;", await _client.ReadAsync());
    }

    [Fact]
    public async Task TellsWhyItStands()
    {
        await _client.AskAsync("qSupported:swbreak+");
        await _client.SendAsync("c");
        _target.Stop(new TargetStop(0, new DebugStop(DebugStopKind.Breakpoint, 0x1000)));
        Assert.StartsWith("T05thread:1;swbreak:;", await _client.ReadAsync(), StringComparison.Ordinal);
        await _client.SendAsync("c");
        _target.Stop(new TargetStop(1, new DebugStop(DebugStopKind.Watchpoint, 0x2004, new DebugWatch(0x2000, 8, DebugAccess.Read))));
        Assert.StartsWith("T05thread:2;rwatch:2004;", await _client.ReadAsync(), StringComparison.Ordinal);

        // Ctrl-C; the machine's end.
        await _client.SendAsync("vCont;c");
        await _client.WriteAsync("\u0003");
        Assert.StartsWith("T02thread:", await _client.ReadAsync(), StringComparison.Ordinal);
        await _client.SendAsync("c");
        _target.End();
        Assert.Equal("W00", await _client.ReadAsync());
        await _run.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("vCont;")]
    [InlineData("vCont;x")]
    [InlineData("vCont;c:9")]
    [InlineData("vCont;t")]
    [InlineData("vCont;s:")]
    [InlineData("C")]
    [InlineData("c1z")]
    public async Task MalformedContinuationsAreRefused(string packet)
    {
        Assert.Equal("E01", await _client.AskAsync(packet));
        Assert.Empty(_target.Calls);
    }

    [Fact]
    public async Task CarriesOutCommandsOfPeople()
    {
        async Task<string> Command(string text)
        {
            var output = new StringBuilder();
            var answer = await _client.AskAsync("qRcmd," + Convert.ToHexString(Encoding.UTF8.GetBytes(text)));
            while (answer.StartsWith('O') && answer != "OK")
            {
                output.Append(Encoding.UTF8.GetString(Convert.FromHexString(answer.AsSpan(1))));
                answer = await _client.ReadAsync();
            }

            if (answer != "OK")
                output.Append(Encoding.UTF8.GetString(Convert.FromHexString(answer)));
            return output.ToString();
        }

        Assert.Equal("0:info registers\n", await Command("info registers"));
        Assert.Equal(new string('x', 40_000), await Command("long"));
        Assert.Equal("E01", await _client.AskAsync("qRcmd,0"));
    }

    [Fact]
    public async Task DamagedPacketsAreAskedForAgain()
    {
        await _client.WriteAsync("$m0,4#00");
        Assert.Equal('-', await _client.ByteAsync());
        await _client.WriteAsync("$" + new string('a', 100_000) + "#00");
        Assert.Equal('-', await _client.ByteAsync());
        await _client.WriteAsync("$m0,4#zz");
        Assert.Equal('-', await _client.ByteAsync());

        // A packet whose end was lost, and an answer that was.
        await _client.WriteAsync("$m0,4$");
        await _client.WriteAsync("m0,1#fa");
        Assert.Equal('+', await _client.ByteAsync());
        Assert.Equal("00", await _client.ReadAsync());
        await _client.WriteAsync("-");
        Assert.Equal("00", await _client.ReadAsync());
    }

    [Fact]
    public async Task WithoutAcknowledgementsNothingIsSentButAnswers()
    {
        Assert.Equal("OK", await _client.AskAsync("QStartNoAckMode"));
        _client.Acknowledges = false;
        Assert.Equal("QC1", await _client.AskAsync("qC"));
        await _client.WriteAsync("$qC#00");
        Assert.Equal("QC1", await _client.AskAsync("qC"));
    }

    [Theory]
    [InlineData("D", "detach")]
    [InlineData("vKill;1", "kill")]
    public async Task ItEndsAsAsked(string packet, string call)
    {
        Assert.Equal("OK", await _client.AskAsync(packet));
        await _run.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.True(_session.IsFinished);
        Assert.Equal([call], _target.Calls);
    }

    [Fact]
    public async Task NonsenseIsSurvived()
    {
        _client.Acknowledges = false;
        await _client.WriteAsync("$QStartNoAckMode#b0");
        await _client.ReadAsync();

        // Answers are read meanwhile: who does not read is not served.
        var reading = Task.Run(async () =>
        {
            while (await _client.ReadAsync() != "m1,2")
            {
            }
        }, TestContext.Current.CancellationToken);
        var random = new Random(14);
        const string Letters = "?gGpPmMXZzHTqQvDbcsCS0123456789abcdef,:;=-}*#$+\u0003 ";
        for (var round = 0; round < 3000; round++)
        {
            // No packet of these ends the session: D, k and vKill are left out by their first letters.
            var text = new string([.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => Letters[random.Next(Letters.Length)])]);
            if (text.Contains('D', StringComparison.Ordinal))
                continue;
            await _client.WriteAsync($"${text}#{(byte)text.Sum(c => c):x2}");
        }

        // Whatever is between, the answer to a question that comes last is the last.
        await _client.WriteAsync("$qC#b4\u0003");
        await _client.WriteAsync("$qfThreadInfo#bb");
        await reading.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }
}
