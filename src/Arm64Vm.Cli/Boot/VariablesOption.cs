using Arm64Vm.Machine;

namespace Arm64Vm.Cli.Boot;

/// <summary><c>--vars FILE[,create]</c>.</summary>
internal static class VariablesOption
{
    private const string Create = ",create";

    /// <returns>The file's name, null for none, and whether it is made if it is not there.</returns>
    /// <exception cref="CliException">The text names no file.</exception>
    public static (string? Path, bool IsMade) Parse(string? text)
    {
        if (text is null || !text.EndsWith(Create, StringComparison.Ordinal))
            return (text, false);
        return text.Length > Create.Length ? (text[..^Create.Length], true) : throw CliException.Usage($"--vars: '{text}' names no file");
    }

    /// <summary>Makes an empty bank where there is no file; true: it is new.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be.</exception>
    public static bool Make(string path)
    {
        if (File.Exists(path))
            return false;
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        try
        {
            file.SetLength((long)MachineConfig.VariablesSize);
            return true;
        }
        catch (ArgumentOutOfRangeException e)
        {
            File.Delete(path);
            throw new IOException($"'{path}' would become larger than a file may be.", e);
        }
    }
}
