using System.CommandLine;
using Arm64Vm.Cli.Boot;
using Arm64Vm.Profiling;

namespace Arm64Vm.Cli.Profiles;

/// <summary><c>arm64vm report</c>.</summary>
internal static class ReportCommand
{
    public static Command Make(CliStreams streams)
    {
        var command = new Command("report", "Shows what a profile says: ranked tables, and in plain words at the end what to look at.");
        Argument<string> file = new("FILE") { Description = "Written by 'arm64vm profile'" };
        Option<int> lines = new("--lines") { Description = "Lines of each table", HelpName = "N", DefaultValueFactory = _ => 20 };
        Option<string?> annotate = new("--annotate") { Description = "Instead: the blocks of a function, or at an address, with samples at each guest and host instruction and the IR between", HelpName = "SYMBOL|MODULE:SYMBOL|ADDRESS" };
        Option<string?> diff = new("--diff") { Description = "Instead: what is different in another profile", HelpName = "OTHER" };
        Option<string[]> check = new("--check") { Description = "Instead: hold the profile to rules such as 'translate < 5%'; a file with one a line, or a rule itself; may be repeated. Status 1: one is broken", HelpName = "FILE|RULE", Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false };
        Option<bool> json = new("--json") { Description = "As a JSON document" };
        Option<string[]> export = new("--export") { Description = "Instead: for another program, into a file or to standard output; may be repeated. docs/profiling.md says what opens each", HelpName = $"{string.Join('|', ProfileExport.Names)}[=FILE]", Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false };
        Option<string?> html = new("--html") { Description = "Instead: as a page for a browser, with time line, flame graph, heat map, tables and code; it needs nothing else", HelpName = "FILE" };
        command.Add(file);
        foreach (var option in (ReadOnlySpan<Option>)[lines, annotate, diff, check, json, export, html])
            command.Add(option);
        export.CompletionSources.Add(context => Completions.OfList(context, ProfileExport.Names.SelectMany(name => new[] { name, name + "=" }), []));
        NotEmpty.Require(file, "the file's name");
        NotEmpty.Require(html, "the file's name");
        command.SetAction(parsed =>
        {
            var count = parsed.GetValue(lines);
            if (count is < 1 or > 1_000_000)
                throw CliException.Usage("--lines: from 1 to 1000000");
            CheckTogether(parsed, json, annotate, diff, check, export, html);
            var path = parsed.GetValue(file)!;
            var exports = ReportExports.Parse(parsed.GetValue(export) ?? [], parsed.GetValue(html));
            exports.CheckFiles(path, streams);
            var profile = Read(path);
            if (exports.Any)
            {
                exports.Write(profile, streams);
                return ExitStatus.Success;
            }

            if (parsed.GetValue(check) is { Length: > 0 } rules)
                return RuleCheck.Run(profile, rules, streams.Text) ? ExitStatus.Success : ExitStatus.Failure;
            if (parsed.GetValue(annotate) is { } what)
                return new Annotation(profile, streams.Text).Write(what, count) ? ExitStatus.Success : throw new CliException($"no block of the profile is in '{what}'", ExitStatus.Failure);
            if (parsed.GetValue(diff) is { } after)
                DiffText.Write(ProfileDiff.Of(profile, Read(after)), count, streams.Text);
            else if (parsed.GetValue(json))
                ReportJson.Write(profile, count, streams.Text);
            else
                new ReportText(profile, count, streams.Text).Write();
            return ExitStatus.Success;
        });
        return command;
    }

    /// <summary>Each of these options is shown instead of what there is without; files for others and a page may be made at once.</summary>
    /// <exception cref="CliException">Two exclude each other.</exception>
    private static void CheckTogether(ParseResult parsed, params ReadOnlySpan<Option> options)
    {
        List<Option> given = [];
        foreach (var option in options)
        {
            if (parsed.GetResult(option) is { Implicit: false } result && result.Tokens is not [{ Value: "false" }])
                given.Add(option);
        }

        if (given is [var first, var second, ..] && (first.Name, second.Name) is not ("--export", "--html"))
            throw CliException.Usage($"{first.Name} and {second.Name} do not go together");
    }

    /// <exception cref="CliException">It is no profile.</exception>
    private static Profile Read(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return ProfileFile.Read(stream);
        }
        catch (ProfileFormatException e)
        {
            throw new CliException($"'{path}': {e.Message}", ExitStatus.Failure);
        }
    }
}
