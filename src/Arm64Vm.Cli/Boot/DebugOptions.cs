using System.CommandLine;
using Arm64Vm.Machine.Debugging;
using Arm64Vm.Machine.Debugging.Qmp;
using Arm64Vm.Machine.Vnc;

namespace Arm64Vm.Cli.Boot;

/// <summary>The options that let others look into a machine and control it.</summary>
internal sealed class DebugOptions
{
    private readonly Option<string?> _gdb = new("--gdb") { Description = "Let GDB connect there (target remote); :PORT is on the loopback interface. Connecting pauses the machine", HelpName = ":PORT|HOST:PORT|unix:PATH" };
    private readonly Option<bool> _waitGdb = new("--wait-gdb") { Description = "With --gdb: pause before the first instruction until the debugger lets the machine go" };
    private readonly Option<string?> _qmp = new("--qmp") { Description = "A control socket with QEMU's JSON commands and events", HelpName = "unix:PATH|tcp:HOST:PORT" };

    private readonly Option<string?> _vnc = new("--vnc") { Description = "Show the guest's display there to VNC clients, with a keyboard and a tablet on virtio; :N is port 5900 + N of the loopback interface. There is no password, so nothing else is taken", HelpName = ":N|HOST:N|unix:PATH" };

    public DebugOptions(Command command)
    {
        NotEmpty.Require(_vnc, "the address");
        NotEmpty.Require(_gdb, "the address");
        NotEmpty.Require(_qmp, "the address");
        foreach (var option in All)
            command.Add(option);
        _vnc.CompletionSources.Add(context => Completions.OfList(context, [":1", "unix:"], []));
        _gdb.CompletionSources.Add(context => Completions.OfList(context, [":1234", "unix:"], []));
    }

    /// <summary>All of them.</summary>
    public IReadOnlyList<Option> All => [_gdb, _waitGdb, _qmp, _vnc];

    /// <exception cref="CliException">It is no address.</exception>
    public string? Gdb(ParseResult parsed) => Check("--gdb", parsed.GetValue(_gdb), address => _ = ListenAddress.Parse(address));

    /// <exception cref="CliException">It is no address.</exception>
    public string? Qmp(ParseResult parsed) => Check("--qmp", parsed.GetValue(_qmp), address => _ = QmpServer.Parse(address));

    /// <exception cref="CliException">It is no address, or one that others could reach.</exception>
    public string? Vnc(ParseResult parsed) => Check("--vnc", parsed.GetValue(_vnc), address => _ = VncServer.Parse(address));

    /// <exception cref="CliException">Nothing could let the machine go.</exception>
    public bool StartsPaused(ParseResult parsed)
    {
        var waits = parsed.GetValue(_waitGdb);
        if (waits && parsed.GetValue(_gdb) is null)
            throw CliException.Usage("--wait-gdb needs --gdb");
        return waits;
    }

    private static string? Check(string option, string? address, Action<string> parse)
    {
        if (address is null)
            return null;
        try
        {
            parse(address);
            return address;
        }
        catch (FormatException e)
        {
            throw CliException.Usage($"{option}: {e.Message}");
        }
    }
}
