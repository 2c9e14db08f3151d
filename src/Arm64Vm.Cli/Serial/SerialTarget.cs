using System.Globalization;
using Arm64Vm.Machine.Debugging;

namespace Arm64Vm.Cli.Serial;

/// <summary>What kind of place a guest's console goes to.</summary>
internal enum SerialKind
{
    Stdio,
    File,
    PseudoTerminal,
    Socket,
    None,
}

/// <summary>A parsed value of <c>--serial</c> and its like.</summary>
/// <param name="Kind">Where to.</param>
/// <param name="Path">The file.</param>
internal sealed record SerialTarget(SerialKind Kind, string? Path = null)
{
    public const string Syntax = "stdio|file:PATH|pty|tcp:HOST:PORT[,server[,nowait]]|unix:PATH[,server[,nowait]]|none";

    /// <summary>Where a run in virtual time can print to.</summary>
    public const string OutputSyntax = "stdio|file:PATH|none";

    /// <summary>Of a socket.</summary>
    public ListenAddress? Address { get; init; }

    /// <summary>It listens at the address; else it connects there.</summary>
    public bool IsServer { get; init; }

    /// <summary>The machine starts with the server's first client.</summary>
    public bool Waits { get; init; }

    /// <exception cref="CliException">It is not one of the forms.</exception>
    public static SerialTarget Parse(string text, string option = "--serial") => text switch
    {
        "stdio" => new SerialTarget(SerialKind.Stdio),
        "none" => new SerialTarget(SerialKind.None),
        "pty" => new SerialTarget(SerialKind.PseudoTerminal),
        _ when text.StartsWith("file:", StringComparison.Ordinal) && text.Length > 5 => new SerialTarget(SerialKind.File, text[5..]),
        _ when text.StartsWith("tcp:", StringComparison.Ordinal) || text.StartsWith("unix:", StringComparison.Ordinal) => ParseSocket(text, option),
        _ => throw CliException.Usage($"{option}: '{text}' is none of {Syntax.Replace("|", ", ", StringComparison.Ordinal)}"),
    };

    /// <summary>As QEMU's users write it for the same place (its query-chardev).</summary>
    public override string ToString() => Kind switch
    {
        SerialKind.Stdio => "stdio",
        SerialKind.File => "file",
        SerialKind.PseudoTerminal => "pty",
        SerialKind.Socket => string.Create(CultureInfo.InvariantCulture, $"{(Address!.Path is null ? "tcp:" : "")}{Address}{(IsServer ? ",server=on" : "")}"),
        _ => "null",
    };

    /// <summary>Words that are no option belong to a path; behind a port they are mistakes.</summary>
    private static SerialTarget ParseSocket(string text, string option)
    {
        var (rest, server, waits) = (text, default(bool?), default(bool?));
        while (rest.LastIndexOf(',') is > 0 and var comma)
        {
            switch (rest[(comma + 1)..])
            {
                case "server" or "server=on":
                    server ??= true;
                    break;
                case "server=off":
                    server ??= false;
                    break;
                case "nowait" or "wait=off":
                    waits ??= false;
                    break;
                case "wait" or "wait=on":
                    waits ??= true;
                    break;
                case var other when text.StartsWith("tcp:", StringComparison.Ordinal):
                    throw CliException.Usage($"{option}: '{other}' is no option of a port; server and nowait are");
                default:
                    return Make(rest);
            }

            rest = rest[..comma];
        }

        return Make(rest);

        SerialTarget Make(string address)
        {
            if (waits is not null && server is not true)
                throw CliException.Usage($"{option}: '{text}': only a server waits, or does not: say ,server,nowait");
            try
            {
                return new SerialTarget(SerialKind.Socket) { Address = ListenAddress.Parse(address), IsServer = server ?? false, Waits = server is true && waits is not false };
            }
            catch (FormatException)
            {
                throw CliException.Usage($"{option}: '{address}' is none of tcp::PORT, tcp:HOST:PORT, unix:PATH");
            }
        }
    }
}
