using Arm64Vm.Machine;

namespace Arm64Vm.Cli.Boot;

/// <summary><c>--code-cache DIR|on|off</c>, and what holds without it: kernels and firmware of one's own are worth keeping (decision 0015).</summary>
internal static class CodeCacheOption
{
    /// <summary>Says, where the option is not given and code would be kept, what the option would say.</summary>
    public const string Variable = "ARM64VM_CODE_CACHE";

    private const string On = "on";
    /// <summary>Nothing is kept.</summary>
    public const string Off = "off";

    /// <param name="value">What was given; null: nothing.</param>
    /// <param name="isUsual">Code is kept in the usual place where nothing else is said. Then nobody hears about a place that cannot be used.</param>
    /// <param name="report">Gets a line when the folder, or a file there, cannot be used.</param>
    /// <exception cref="CliException">There is no usual place.</exception>
    public static CodeCache? Parse(string? value, bool isUsual, Action<string> report)
    {
        if (value is null && isUsual && Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } setting)
            value = setting;
        switch (value)
        {
            case null:
                return isUsual && CodeCache.DefaultFolder is { } usual ? new CodeCache(usual) : null;
            case Off:
                return null;
            case On:
                return new CodeCache(CodeCache.DefaultFolder ?? throw CliException.Usage("--code-cache: neither XDG_CACHE_HOME nor HOME is set; name the folder"), report);
            default:
                return new CodeCache(value, report);
        }
    }
}
