using Arm64Vm.Machine;

namespace Arm64Vm.Cli.Boot;

/// <summary><c>--code-cache DIR|on|off</c>.</summary>
internal static class CodeCacheOption
{
    /// <param name="value">What was given; null: nothing.</param>
    /// <param name="report">Gets a line when the folder, or a file there, cannot be used.</param>
    /// <exception cref="CliException">There is no usual place.</exception>
    public static CodeCache? Parse(string? value, Action<string> report)
    {
        switch (value)
        {
            case null or "off":
                return null;
            case "on":
                return new CodeCache(CodeCache.DefaultFolder ?? throw CliException.Usage("--code-cache: neither XDG_CACHE_HOME nor HOME is set; name the folder"), report);
            default:
                return new CodeCache(value, report);
        }
    }
}
