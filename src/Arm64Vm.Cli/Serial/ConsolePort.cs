using Arm64Vm.Cli.Files;
using Arm64Vm.Machine;

namespace Arm64Vm.Cli.Serial;

/// <summary>One console of the guest and the places outside that it goes to: what it prints goes to all of them, and what comes from any of them is typed.</summary>
internal sealed class ConsolePort : IDisposable
{
    private readonly Func<VirtualMachine, SerialConsole?> _find;
    private readonly List<OutputFile> _files = [];
    private readonly List<ConsoleLine> _lines = [];
    private readonly IReadOnlyList<SerialTarget> _targets;

    /// <param name="option">What names the places, for messages.</param>
    /// <param name="label">What QEMU's users call the console.</param>
    /// <param name="texts">The places.</param>
    /// <param name="streams">Of the command.</param>
    /// <param name="find">Finds it in a machine.</param>
    /// <exception cref="CliException">A text names no place, or the same one twice.</exception>
    public ConsolePort(string option, string label, IReadOnlyList<string> texts, CliStreams streams, Func<VirtualMachine, SerialConsole?> find)
    {
        (Option, Label, _find) = (option, label, find);
        _targets = [.. texts.Select(text => SerialTarget.Parse(text, option)).Where(target => target.Kind != SerialKind.None)];
        if (_targets.Count(target => target.Kind == SerialKind.Stdio) > 1)
            throw CliException.Usage($"{option}: stdio is given twice");
        List<Stream> outputs = [];
        foreach (var target in _targets)
        {
            switch (target.Kind)
            {
                case SerialKind.Stdio:
                    outputs.Add(streams.Output);
                    break;
                case SerialKind.File:
                    _files.Add(new OutputFile(target.Path!));
                    outputs.Add(_files[^1]);
                    break;
                case SerialKind.PseudoTerminal:
                    _lines.Add(new PseudoTerminalLine(label));
                    break;
                default:
                    _lines.Add(new SocketLine(option, target));
                    break;
            }
        }

        // Those that are waited for come first.
        outputs.AddRange(_lines);
        Output = outputs.Count switch { 0 => null, 1 => outputs[0], _ => new FanOutput(outputs) };
    }

    public string Option { get; }

    public string Label { get; }

    /// <summary>Where what it prints goes; null: nowhere.</summary>
    public Stream? Output { get; }

    /// <summary>It goes somewhere.</summary>
    public bool IsUsed => _targets.Count > 0;

    public bool UsesStdio => _targets.Any(target => target.Kind == SerialKind.Stdio);

    /// <summary>It goes to nothing but standard output, or nowhere.</summary>
    public bool IsPlain => _targets.All(target => target.Kind == SerialKind.Stdio);

    /// <summary>The files among the places; none is open yet.</summary>
    public IReadOnlyList<OutputFile> Files => _files;

    public IEnumerable<string> FileNames => _targets.Select(target => target.Path).OfType<string>();

    /// <exception cref="InvalidOperationException">The machine has no such console.</exception>
    public SerialConsole Find(VirtualMachine machine) => _find(machine) ?? throw new InvalidOperationException($"The machine has no {Label}.");

    /// <summary>Takes ports, sockets and terminals, says where they are, and starts to carry what comes from there.</summary>
    /// <exception cref="IOException">One cannot be had.</exception>
    public void Open(VirtualMachine machine, TextWriter messages)
    {
        foreach (var line in _lines)
        {
            try
            {
                line.Open();
            }
            catch (IOException e)
            {
                throw new IOException($"{Option}: {e.Message}", e);
            }

            if (line.Announcement is { } text)
                messages.WriteLine(text);
        }

        if (!IsUsed)
            return;
        var console = Find(machine);
        console.Place = string.Join(' ', _targets.Where(target => target.Kind is SerialKind.Stdio or SerialKind.File).Select(target => target.ToString()).Concat(_lines.Select(line => line.Place)));
        foreach (var line in _lines)
            line.Attach(console);
    }

    /// <summary>Completes when the machine may start.</summary>
    public Task Ready => Task.WhenAll(_lines.Select(line => line.Ready));

    public void Dispose()
    {
        foreach (var line in _lines)
            line.Dispose();
        foreach (var file in _files)
            file.Dispose();
    }
}
