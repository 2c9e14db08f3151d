using Arm64Vm.Machine.Tests.Machines;

namespace Arm64Vm.Cli.Tests;

/// <summary>Random options with random values and files: a documented status, and never an internal error.</summary>
[Trait(FuzzSeeds.Category, FuzzSeeds.Fuzz)]
public class CommandLineFuzzTests
{
    private static readonly string[] s_options =
    [
        "--firmware", "--vars", "--no-acpi", "--kernel", "--initrd", "--append", "--dtb", "--cpu", "--cpus", "--memory", "--gic", "--disk", "--rng", "--semihosting",
        "--log", "--backend", "--serial", "--serial2", "--virtio-console", "--escape", "--until", "--fail", "--no-reboot", "--dump-dtb", "--stats", "--limit",
        "--net", "--share", "--vsock", "--msi", "--virtio", "--hotplug", "--balloon", "--watchdog", "--pvpanic", "--stats-at", "--gdb", "--qmp", "--trace", "--trace-file", "--trace-format", "--trace-range",
        "--output", "--interval", "--export", "--html", "--check", "--diff", "--annotate", "--lines",
    ];

    private static readonly string[] s_values =
    [
        "", " ", "-", "--", "0", "1", "2", "-1", "99999999999999999999", "1e9", "nan", "x", ",", ",,", "a,b", "none", "stdio", "file:", "file:/", "file:/dev/full", "file:/nonexistent/x", "pty", "tcp::0,server", "tcp::0,server,nowait", "unix:", "unix:/nonexistent/x,server", "tcp:", "auto",
        "64M", "1G", "65536", "max", "max,pauth=off", "cortex-a53", "ctrl-b", "/", "/dev/null", "/dev/zero", "/proc/self/mem", "/proc/self/exe", "/nonexistent", "json", "text", "exec,tlb", "0x1000-0x2000", "user", "user,forward=1", "socket,listen=/nonexistent/x", "/,tag=x", "$folder,tag=x,readonly", "$noise,cid=7", ":0", "unix:$noise", "its", "pprof", "translate < 5%", "\u00e9\ud83d\ude00",
        "$kernel", "$noise", "$empty", "$folder", "$gzip", "$kernel,readonly", "$noise,snapshot", "$noise,format=qcow2", "$noise,create", new string('a', 5000),
    ];

    [Fact]
    public void NoCommandLineReachesAnInternalError()
    {
        using var kernel = new TemporaryFile(new TestProgram().Print("x").PowerOff().ToElf());
        var bytes = new byte[8192];
        new Random(5).NextBytes(bytes);
        using var noise = new TemporaryFile(bytes);
        using var empty = new TemporaryFile([]);
        using var folder = new TemporaryFolder();
        using var gzip = new TemporaryFile([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0, .. bytes[..64]]);
        string[] commands = ["boot", "boot", "boot", "lockstep", "disasm", "verify", "info", "completion", "", "image info", "image check", "profile", "report", "cache info"];
        foreach (var seed in FuzzSeeds.Count(400))
        {
            var random = new Random(seed);
            List<string> arguments = [.. commands[random.Next(commands.Length)].Split(' ')];
            for (var i = random.Next(5); i > 0; i--)
            {
                if (random.Next(4) != 0)
                    arguments.Add(s_options[random.Next(s_options.Length)]);
                if (random.Next(5) != 0)
                {
                    arguments.Add(s_values[random.Next(s_values.Length)]
                        .Replace("$kernel", kernel.Path, StringComparison.Ordinal).Replace("$noise", noise.Path, StringComparison.Ordinal)
                        .Replace("$empty", empty.Path, StringComparison.Ordinal).Replace("$folder", folder.Path, StringComparison.Ordinal).Replace("$gzip", gzip.Path, StringComparison.Ordinal));
                }
            }

            // Whatever begins to run ends soon, and does not verify everything that the product has.
            if (arguments[0] is "boot" or "lockstep" or "profile")
                arguments.AddRange(["--timeout", "0.2"]);
            if (arguments is ["verify"] || (arguments[0] == "verify" && arguments.TrueForAll(argument => argument is "verify" or "interpreter" or "--backend")))
                continue;
            var run = CliRun.Of([.. arguments]);
            var line = string.Join(' ', arguments.Select(argument => $"'{(argument.Length > 40 ? argument[..40] : argument)}'"));
            Assert.False(run.Error.Contains("internal error", StringComparison.Ordinal), $"seed {seed}: {line}: {run.Error}");
            Assert.True(run.Status is 0 or 1 or 2 or 3 or 4 or (>= 120 and <= 124), $"seed {seed}: {line}: {run.Status}");
            Assert.True(run.Status is 0 or 3 or 4 or ExitStatus.Reset || run.Error.Length > 0, $"seed {seed}: {line}: status {run.Status} without a message");
            if (File.Exists("-"))
                File.Delete("-");
        }
    }
}
