using System.Globalization;

namespace Arm64Vm.Bench.SideBySide;

internal enum Mode
{
    Kernels,
    Boot,
    Boots,
    Linux,
}

internal enum ReportFormat
{
    Text,
    Markdown,
    Json,
}

/// <summary>The command line, with defaults that hold at the root of the repository.</summary>
internal sealed record Options
{
    public Mode Mode { get; init; }
    public string Ours { get; init; } = "artifacts/aot/arm64vm";
    public string? Peer { get; init; }
    public string Cpu { get; init; } = "max";
    public string Guests { get; init; } = DefaultGuests();
    public string Image { get; init; } = "firmware/embedded/arm64vm-firmware.elf";
    public string? Kernels { get; init; }
    public string Seconds { get; init; } = "0.5";
    public string? Boots { get; init; }
    public GuestMachine Guest { get; init; } = new();
    public TimeSpan Countdown { get; init; }
    public IReadOnlyList<string> Until { get; init; } = [];
    public string? Press { get; init; }
    public string Script { get; init; } = "firmware/guests/workloads.sh";
    public int Rounds { get; init; } = 3;
    public TimeSpan? Timeout { get; init; }
    public ReportFormat Format { get; init; }
    public string? Output { get; init; }
    public bool Verbose { get; init; }

    /// <summary>The longest that one run of one emulator may take.</summary>
    public TimeSpan RunTimeout => Timeout ?? TimeSpan.FromSeconds(Mode == Mode.Linux ? 600 : 120);

    /// <exception cref="UsageException">An unknown mode or option, a missing or malformed value.</exception>
    public static Options Parse(ReadOnlySpan<string> args)
    {
        Options options = new()
        {
            Mode = args[0] switch
            {
                "kernels" => Mode.Kernels,
                "boot" => Mode.Boot,
                "boots" => Mode.Boots,
                "linux" => Mode.Linux,
                _ => throw new UsageException($"unknown mode '{args[0]}': kernels, boot, boots or linux"),
            },
        };
        for (int i = 1; i < args.Length; i++)
        {
            string name = args[i];
            if (name == "--verbose")
            {
                options = options with { Verbose = true };
                continue;
            }

            if (i + 1 == args.Length)
                throw new UsageException($"'{name}' needs a value, or is unknown");
            options = options.With(name, args[++i]);
        }

        if (options.Mode == Mode.Boot && options.Guest is { Firmware: null, Kernel: null })
            throw new UsageException("boot needs --firmware or --kernel");
        if (options.Guest is { Variables: not null, Firmware: null })
            throw new UsageException("--vars needs --firmware");
        return options;
    }

    private Options With(string name, string value) => name switch
    {
        "--ours" => this with { Ours = value },
        "--peer" => this with { Peer = value },
        "--cpu" => this with { Cpu = value },
        "--guests" => this with { Guests = value },
        "--image" => this with { Image = value },
        "--kernels" => this with { Kernels = value },
        "--seconds" => this with { Seconds = Number(name, value).ToString("0.#########", CultureInfo.InvariantCulture) },
        "--boots" => this with { Boots = value },
        "--firmware" => this with { Guest = Guest with { Firmware = value } },
        "--vars" => this with { Guest = Guest with { Variables = value } },
        "--kernel" => this with { Guest = Guest with { Kernel = value } },
        "--initrd" => this with { Guest = Guest with { Initrd = value } },
        "--append" => this with { Guest = Guest with { CommandLine = value } },
        "--disk" => this with { Guest = Guest with { Disks = [.. Guest.Disks, value] } },
        "--memory" => this with { Guest = Guest with { Memory = value } },
        "--gic" => this with { Guest = Guest with { Gic = value } },
        "--countdown" => this with { Countdown = TimeSpan.FromSeconds(Number(name, value)) },
        "--until" => this with { Until = [.. Until, value] },
        "--press" => this with { Press = value },
        "--script" => this with { Script = value },
        "--rounds" => this with { Rounds = Math.Clamp((int)Number(name, value), 1, 1000) },
        "--timeout" => this with { Timeout = TimeSpan.FromSeconds(Math.Clamp(Number(name, value), 1, 86400)) },
        "--output" => this with { Output = value },
        "--format" => this with
        {
            Format = value switch
            {
                "text" => ReportFormat.Text,
                "markdown" => ReportFormat.Markdown,
                "json" => ReportFormat.Json,
                _ => throw new UsageException($"unknown format '{value}': text, markdown or json"),
            },
        },
        _ => throw new UsageException($"unknown option '{name}'"),
    };

    private static double Number(string name, string value) =>
        double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
            ? number
            : throw new UsageException($"{name} takes a number, not '{value}'");

    private static string DefaultGuests() =>
        Environment.GetEnvironmentVariable("ARM64VM_GUESTS")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "arm64vm-guests");
}
