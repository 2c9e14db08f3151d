using System.CommandLine;
using System.Globalization;
using Arm64Vm.Cli.Boot;

namespace Arm64Vm.Cli.Serial;

/// <summary>The options that say where the guest's consoles go.</summary>
internal sealed class ConsoleOptions
{
    private readonly Option<string[]> _serial = new("--serial") { Description = "The guest's serial console; may be repeated, to have it at several places. pty: a terminal of its own. A server lets one client at a time connect, on the loopback interface where HOST is left out, and the machine waits for the first one unless nowait; without server it connects there", HelpName = SerialTarget.Syntax, Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false, DefaultValueFactory = _ => ["stdio"] };
    private readonly Option<string[]> _second = new("--serial2") { Description = "A second serial console (ttyAMA1), as --serial", HelpName = SerialTarget.Syntax, Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false, DefaultValueFactory = _ => ["none"] };
    private readonly Option<string[]> _virtio = new("--virtio-console") { Description = "A virtio console (hvc0) beside the serial one, as --serial; with stdio the serial one must go elsewhere", HelpName = SerialTarget.Syntax, Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false, DefaultValueFactory = _ => ["none"] };

    private readonly Option<string[]> _ports = new("--virtio-port") { Description = "A byte stream for an agent in the guest (virtio-serial, /dev/virtio-ports/NAME), as --serial; may be repeated, with one name for several places of one stream", HelpName = "NAME=" + SerialTarget.Syntax, Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false };

    public ConsoleOptions(Command command)
    {
        command.Add(_ports);
        foreach (var option in (ReadOnlySpan<Option<string[]>>)[_serial, _second, _virtio])
        {
            command.Add(option);
            option.CompletionSources.Add(context => Completions.OfList(context, ["stdio", "file:", "pty", "tcp:", "unix:", "none"], ["server", "nowait"]));
        }
    }

    /// <summary>Those of the consoles beside the first.</summary>
    public IReadOnlyList<Option> Further => [_second, _virtio, _ports];

    /// <exception cref="CliException">The options do not go together.</exception>
    public ConsolePorts Bind(ParseResult parsed, CliStreams streams) => new(
        new ConsolePort(_serial.Name, "serial0", parsed.GetValue(_serial)!, streams, machine => machine.Console),
        new ConsolePort(_second.Name, "serial1", parsed.GetValue(_second)!, streams, machine => machine.SecondConsole),
        new ConsolePort(_virtio.Name, "virtcon0", parsed.GetValue(_virtio)!, streams, machine => machine.VirtioConsole),
        NamedPorts(parsed, streams));

    /// <exception cref="CliException">One has no name, or no place.</exception>
    private List<(string Name, ConsolePort Port)> NamedPorts(ParseResult parsed, CliStreams streams)
    {
        var named = (parsed.GetValue(_ports) ?? []).Select(text => text.Split('=', 2) is [{ Length: > 0 } name, { Length: > 0 } place]
            ? (Name: name, Place: place)
            : throw CliException.Usage($"{_ports.Name}: '{text}' is not NAME=PLACE, such as org.qemu.guest_agent.0=unix:/tmp/agent,server,nowait"));
        return [.. named.GroupBy(one => one.Name, one => one.Place).Select((places, index) => (places.Key, new ConsolePort(
            _ports.Name,
            string.Create(CultureInfo.InvariantCulture, $"port{index}"),
            [.. places],
            streams,
            machine => machine.VirtioPorts[index])))];
    }
}
