using System.Globalization;
using Arm64Vm.Machine;

namespace Arm64Vm.Cli.Boot;

/// <summary><c>--vsock PATH[,cid=N]</c>.</summary>
internal static class VsockOption
{
    public const string Syntax = "PATH[,cid=N]";
    private const string Cid = ",cid=";

    /// <exception cref="CliException">There is no path, or the address is no number.</exception>
    public static VsockConfig? Parse(string? text)
    {
        if (text is null)
            return null;
        var at = text.LastIndexOf(Cid, StringComparison.Ordinal);
        var path = at < 0 ? text : text[..at];
        if (path.Length == 0)
            throw CliException.Usage($"--vsock: '{text}' names no socket");
        if (at < 0)
            return new VsockConfig(path);
        return uint.TryParse(text.AsSpan(at + Cid.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var cid) && cid is >= 3 and < uint.MaxValue
            ? new VsockConfig(path, cid)
            : throw CliException.Usage($"--vsock: '{text[(at + Cid.Length)..]}' is no address of a guest; they begin with 3");
    }
}
