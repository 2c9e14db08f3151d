using Arm64Vm.Machine;

namespace Arm64Vm.Cli.Boot;

/// <summary><c>--share DIR,tag=NAME[,readonly]</c>. What is not one of these at the end belongs to the folder's name.</summary>
internal static class ShareOption
{
    public const string Syntax = "DIR,tag=NAME[,readonly]";

    /// <exception cref="CliException">The text has no folder or no tag.</exception>
    public static ShareConfig Parse(string text)
    {
        var path = text;
        var tag = "";
        var isReadOnly = false;
        while (path.LastIndexOf(',') is >= 0 and var comma)
        {
            var option = path[(comma + 1)..];
            if (option == "readonly")
                isReadOnly = true;
            else if (option.StartsWith("tag=", StringComparison.Ordinal))
                tag = option["tag=".Length..];
            else
                break;
            path = path[..comma];
        }

        if (path.Length == 0)
            throw CliException.Usage($"--share: '{text}' names no folder");
        return tag.Length > 0 ? new ShareConfig(path, tag, isReadOnly) : throw CliException.Usage($"--share: '{text}' needs a tag; write for example {path},tag=host");
    }
}
