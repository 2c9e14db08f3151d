using System.Diagnostics;
using Arm64Vm.Cli.Bench.Guests;
using Arm64Vm.Cli.Boot;
using Arm64Vm.Devices.Images;

namespace Arm64Vm.Cli.Bench.Runs;

/// <summary>This product, or another build of it.</summary>
internal sealed class OurEmulator : IEmulator
{
    private readonly IReadOnlyList<string> _program;
    private readonly string _variables;
    private readonly string _codeCache;
    private readonly List<string> _written = [];

    /// <param name="executable">The executable; null: the one that is running.</param>
    /// <param name="work">A folder for files that a run may change.</param>
    /// <param name="codeCache">Where translated code is kept between runs: <c>DIR|on|off</c>.</param>
    /// <exception cref="CliException">There is no such executable, or it does not run.</exception>
    public OurEmulator(string? executable, string work, string codeCache)
    {
        _codeCache = codeCache;
        _variables = Path.Combine(work, "variables.ours");
        if (executable is not null && !File.Exists(executable))
            throw CliException.Failure($"--ours: there is no '{executable}'");
        _program = executable is not null ? [Path.GetFullPath(executable)] : Running();
        Version = ConsoleRun.FirstLine(Program(["--version"])) ?? throw CliException.Failure($"{string.Join(' ', _program)} does not tell its version");
    }

    public string Name => "arm64vm";

    public string Version { get; }

    public bool CanRun(Guest guest) => true;

    /// <summary>Kept code is written when a run ends, not when it is killed.</summary>
    public bool EndsAtLastText => KeepsCode;

    private bool KeepsCode => _codeCache != CodeCacheOption.Off;

    public ProcessStartInfo Start(Guest guest)
    {
        var arguments = Arguments(guest.Machine);
        if (KeepsCode)
        {
            Add(arguments, "--code-cache", _codeCache);
            Add(arguments, "--until", guest.Until is [.., var last] ? last : null);
        }

        return Program(arguments);
    }

    public void Clean()
    {
        foreach (var file in _written)
            File.Delete(file);
        _written.Clear();
    }

    /// <summary>A run that is not timed: it counts, and its standard error ends with a JSON document.</summary>
    public ProcessStartInfo StartCounting(Guest guest)
    {
        var arguments = Arguments(guest.Machine);
        arguments.AddRange(["--stats", "json"]);
        foreach (var span in guest.Spans)
        {
            Add(arguments, "--stats-at", span.Start);
            Add(arguments, "--stats-at", span.End);
        }

        // A guest that ends by itself after the last text is let end, for the sake of what it counts.
        if (guest.Spans.Count == 0 && guest.Until is [.., var last])
            Add(arguments, "--until", last);
        return Program(arguments);
    }

    private static void Add(List<string> arguments, string option, string? value)
    {
        if (value is not null)
            arguments.AddRange([option, value]);
    }

    private static string[] Running()
    {
        var beside = Path.Combine(AppContext.BaseDirectory, Application.Name);
        if (File.Exists(beside))
            return [beside];
        var process = Environment.ProcessPath ?? throw CliException.Failure("the running executable has no name; say --ours FILE");
        var assembly = Path.Combine(AppContext.BaseDirectory, Application.Name + ".dll");
        return File.Exists(assembly) ? [process, assembly] : [process];
    }

    private List<string> Arguments(GuestMachine guest)
    {
        List<string> arguments = ["boot", "--memory", guest.Memory, "--gic", guest.Gic, "--no-reboot"];
        Add(arguments, "--firmware", guest.Firmware);
        if (guest.Variables is not null)
        {
            File.Copy(guest.Variables, _variables, overwrite: true);
            Add(arguments, "--vars", _variables);
        }

        Add(arguments, "--kernel", guest.Kernel);
        Add(arguments, "--initrd", guest.Initrd);
        Add(arguments, "--append", guest.CommandLine);
        foreach (var disk in guest.Disks.SkipLast(guest.Scratch.Count > 0 ? 1 : 0))
            Add(arguments, "--disk", disk + ",readonly");
        for (var i = 0; i < guest.Scratch.Count; i++)
        {
            var file = _variables + $".disk{i}";
            Add(arguments, "--disk", Fresh(file, guest.Scratch[i]));
            _written.Add(file);
        }

        if (guest.Scratch.Count > 0)
            Add(arguments, "--disk", guest.Disks[^1] + ",readonly");
        if (guest.HasNetwork)
            arguments.AddRange(["--net", "user"]);

        // As the peer has them.
        arguments.AddRange(["--virtio", guest.OnPci ? "pci" : "mmio"]);
        return arguments;
    }

    /// <summary>An empty disk; the result is what <c>--disk</c> takes.</summary>
    /// <exception cref="CliException">It cannot be made.</exception>
    public static string Fresh(string path, ScratchDisk disk)
    {
        try
        {
            ImageCreation.Create(path, disk.Format, disk.Size, new Qcow2Options(), replaces: true);
            return disk.Format == DiskFormat.Raw ? path + ",format=raw" : path;
        }
        catch (IOException e)
        {
            throw CliException.Failure($"'{path}' cannot be made: {e.Message}");
        }
    }

    private ProcessStartInfo Program(IEnumerable<string> arguments)
    {
        // Builds from before there was kept code know no option for it.
        var start = new ProcessStartInfo(_program[0], [.. _program.Skip(1), .. arguments]);
        start.Environment[CodeCacheOption.Variable] = CodeCacheOption.Off;
        return start;
    }
}
