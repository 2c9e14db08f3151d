using System.CommandLine;

namespace Arm64Vm.Cli.Commands;

/// <summary><c>arm64vm completion</c>: scripts that ask the program itself what could come next.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        _arm64vm() {
            local IFS=$'\n'
            COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
            [ ${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o filenames -F _arm64vm arm64vm
        """;

    private const string Zsh = """
        #compdef arm64vm
        _arm64vm() {
            local -a candidates
            candidates=("${(@f)$("${words[1]}" "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)}")
            [[ -n "$candidates" ]] && compadd -a candidates
            _files
        }
        compdef _arm64vm arm64vm
        """;

    private const string Fish = """
        complete -c arm64vm -a '(arm64vm "[suggest:"(string length -- (commandline -cp))"]" (commandline -cp) 2>/dev/null)'
        """;

    public static Command Make(CliStreams streams)
    {
        Argument<string> shell = new("shell") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command("completion", "Prints a script that teaches a shell to complete the command line.") { shell };
        command.SetAction(parsed =>
        {
            streams.Text.WriteLine(parsed.GetValue(shell) switch { "bash" => Bash, "zsh" => Zsh, _ => Fish });
            return ExitStatus.Success;
        });
        return command;
    }
}
