using System.CommandLine;
using System.Globalization;
using Arm64Vm.Cli.Files;
using Arm64Vm.Cpu;
using Arm64Vm.Machine.Tracing;

namespace Arm64Vm.Cli.Boot;

/// <summary>The options that say what of a machine's run is written down.</summary>
internal sealed class TraceOptions
{
    private static (string Name, TraceKinds Kind)[] Kinds =>
    [
        ("exec", TraceKinds.Execution), ("exceptions", TraceKinds.Exceptions), ("mmio", TraceKinds.Mmio), ("irq", TraceKinds.Interrupts), ("tlb", TraceKinds.Tlb),
    ];

    private static string[] Names => [.. Kinds.Select(kind => kind.Name)];

    private readonly Option<string[]> _trace = new("--trace") { Description = "Write down what the processors do, to --trace-file: exec (blocks of code entered, which makes the guest slow), exceptions, mmio (accesses to devices), irq (interrupts taken), tlb (page table walks and invalidations)", HelpName = "exec,exceptions,mmio,irq,tlb", Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false };
    private readonly Option<string?> _file = new("--trace-file") { Description = "Where the trace goes", HelpName = "FILE" };
    private readonly Option<string> _format = new("--trace-format") { Description = "Lines of text, or a JSON object on each line", HelpName = "text|json", DefaultValueFactory = _ => "text" };
    private readonly Option<string[]> _range = new("--trace-range") { Description = "Only what has to do with these addresses, both ends included; may be repeated. Code, and data by virtual or physical address; interrupts are told in any case", HelpName = "LOW-HIGH", Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false };

    public TraceOptions(Command command)
    {
        NotEmpty.Require(_file, "the file's name");
        _format.AcceptOnlyFromAmong("text", "json");
        _trace.CompletionSources.Add(context => Completions.OfList(context, Names, Names));
        foreach (var option in All)
            command.Add(option);
    }

    /// <summary>All of them.</summary>
    public IReadOnlyList<Option> All => [_trace, _file, _format, _range];

    public string? FileName(ParseResult parsed) => parsed.GetValue(_file);

    /// <summary>The file, not open yet; null: there is no trace.</summary>
    /// <exception cref="CliException">The options do not go together.</exception>
    public OutputFile? File(ParseResult parsed)
    {
        var isWanted = parsed.GetValue(_trace) is { Length: > 0 };
        var file = FileName(parsed);
        if (isWanted && file is null)
            throw CliException.Usage("--trace needs --trace-file");
        foreach (var option in (ReadOnlySpan<Option>)[_file, _format, _range])
        {
            if (!isWanted && parsed.GetResult(option) is { Implicit: false })
                throw CliException.Usage($"{option.Name} needs --trace");
        }

        return isWanted ? new OutputFile(file!) : null;
    }

    /// <summary>Starts what writes the trace; null: there is none.</summary>
    /// <exception cref="CliException">A value is none that there is.</exception>
    public MachineTrace? Start(ParseResult parsed, OutputFile? file)
    {
        if (file is null)
            return null;
        var kinds = TraceKinds.None;
        foreach (var name in parsed.GetValue(_trace)!.SelectMany(list => list.Split(',')))
        {
            var place = Array.IndexOf(Names, name);
            kinds |= place >= 0 ? Kinds[place].Kind : throw CliException.Usage($"--trace: '{name}' is none of {string.Join(", ", Names)}");
        }

        return new MachineTrace(kinds, file, parsed.GetValue(_format) == "json" ? TraceFormat.JsonLines : TraceFormat.Text, [.. (parsed.GetValue(_range) ?? []).Select(ParseRange)]);
    }

    private static TraceRange ParseRange(string text)
    {
        var parts = text.Split('-');
        return parts is [var low, var high] && TryParse(low, out var first) && TryParse(high, out var last) && first <= last
            ? new TraceRange(first, last)
            : throw CliException.Usage($"--trace-range: '{text}' is not LOW-HIGH, such as 0x40080000-0x400fffff");
    }

    private static bool TryParse(string text, out ulong address) => text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
        ? ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out address)
        : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out address);
}
