using Arm64Vm.Machine;

namespace Arm64Vm.Cli.Boot;

/// <summary><c>--tpm DIR[,model=tis|crb]</c>.</summary>
internal static class TpmOption
{
    public const string Syntax = "DIR[,model=tis|crb]";
    private const string Model = ",model=";

    /// <exception cref="CliException">There is no folder, or no such model.</exception>
    public static TpmConfig? Parse(string? text)
    {
        if (text is null)
            return null;
        var at = text.LastIndexOf(Model, StringComparison.Ordinal);
        var folder = at < 0 ? text : text[..at];
        if (folder.Length == 0)
            throw CliException.Usage($"--tpm: '{text}' names no folder");
        return new TpmConfig(folder, at < 0 ? TpmInterface.Tis : text[(at + Model.Length)..] switch
        {
            "tis" => TpmInterface.Tis,
            "crb" => TpmInterface.Crb,
            var model => throw CliException.Usage($"--tpm: model is tis or crb, not '{model}'"),
        });
    }
}
