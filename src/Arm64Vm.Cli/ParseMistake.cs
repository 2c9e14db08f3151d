using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;

namespace Arm64Vm.Cli;

/// <summary>What is wrong with a command line, in one sentence for its writer: the parser's own name types of the runtime and spread over lines.</summary>
internal static partial class ParseMistake
{
    public static string Describe(ParseResult parsed)
    {
        if (parsed.CommandResult.Command is RootCommand)
        {
            return parsed.UnmatchedTokens.Count > 0
                ? $"there is no command '{Application.OneLine(parsed.UnmatchedTokens[0])}'; see '{Application.Name} --help'"
                : $"say what to do; see '{Application.Name} --help'";
        }

        var error = parsed.Errors[0];
        var message = Application.OneLine(error.Message);
        var command = PathOf(parsed.CommandResult.Command);
        if (Unrecognized().Match(message) is { Success: true } stray)
            return $"'{stray.Groups[1].Value}' is no option and no argument of {command}; see '{Application.Name} {command} --help'";
        var name = error.SymbolResult switch
        {
            OptionResult result => result.Option.Name,
            ArgumentResult { Argument: { HelpName: var help } argument } => help ?? argument.Name,
            _ => null,
        };
        if (name is null)
            return message;
        if (message.StartsWith("Required argument missing", StringComparison.Ordinal))
            return error.SymbolResult is OptionResult ? $"{name}: a value must follow" : $"{name} is missing; see '{Application.Name} {command} --help'";
        if (Choice().Match(message) is { Success: true } choice)
            return $"{name}: '{choice.Groups[1].Value}' is none of {string.Join(", ", Quoted().Matches(choice.Groups[2].Value).Select(match => match.Groups[1].Value))}";
        if (message.Contains("as expected type", StringComparison.Ordinal) && error.SymbolResult?.Tokens is [var token, ..])
            return $"{name}: '{token.Value}' is not a number";
        return message.StartsWith(name + ":", StringComparison.Ordinal) || message.Contains(name, StringComparison.Ordinal) ? message : $"{name}: {message}";
    }

    /// <summary>The command's name behind those of the commands above it.</summary>
    private static string PathOf(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault(parent => parent is not RootCommand) is { } above ? $"{PathOf(above)} {command.Name}" : command.Name;

    [GeneratedRegex(@"^Unrecognized command or argument '(.*)'\.$")]
    private static partial Regex Unrecognized();

    [GeneratedRegex(@"^Argument '(.*)' not recognized\. Must be one of:\s(.*)$")]
    private static partial Regex Choice();

    [GeneratedRegex("'([^']*)'")]
    private static partial Regex Quoted();
}
