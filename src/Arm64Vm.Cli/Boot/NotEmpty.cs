using System.CommandLine;

namespace Arm64Vm.Cli.Boot;

/// <summary>Options and arguments whose value must not be empty, as it is where a shell's variable is not set.</summary>
internal static class NotEmpty
{
    /// <param name="option">The option.</param>
    /// <param name="what">What its value is, for the message.</param>
    public static void Require(Option option, string what) => option.Validators.Add(result =>
    {
        if (result.Tokens.Any(token => token.Value.Length == 0))
            result.AddError($"{option.Name}: {what} must not be empty");
    });

    /// <inheritdoc cref="Require(Option, string)"/>
    public static void Require(Argument argument, string what) => argument.Validators.Add(result =>
    {
        if (result.Tokens.Any(token => token.Value.Length == 0))
            result.AddError($"{argument.HelpName}: {what} must not be empty");
    });
}
