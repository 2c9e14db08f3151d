using System.Diagnostics;

namespace Arm64Vm.Bench.SideBySide;

internal sealed class OurEmulator : IEmulator, IDisposable
{
    private readonly string _executable;
    private readonly string _variables = Path.Combine(Path.GetTempPath(), $"side-by-side.{Environment.ProcessId}.vars");

    /// <exception cref="UsageException">There is no such executable.</exception>
    public OurEmulator(Options options)
    {
        _executable = Path.GetFullPath(options.Ours);
        if (!File.Exists(_executable))
            throw new UsageException($"no {options.Ours}: dotnet publish src/Arm64Vm.Cli -c Release -o artifacts/aot");
    }

    public string Name => "arm64vm";

    public string Version() => ConsoleRun.FirstLine(Program("--version"));

    public ProcessStartInfo Start(GuestMachine guest)
    {
        List<string> arguments = ["boot", "--memory", guest.Memory, "--gic", guest.Gic];
        Add(arguments, "--firmware", guest.Firmware);
        if (guest.Variables is not null)
        {
            File.Copy(guest.Variables, _variables, overwrite: true);
            Add(arguments, "--vars", _variables);
        }

        Add(arguments, "--kernel", guest.Kernel);
        Add(arguments, "--initrd", guest.Initrd);
        Add(arguments, "--append", guest.CommandLine);
        foreach (string disk in guest.Disks)
            Add(arguments, "--disk", disk + ",readonly");
        return Program([.. arguments]);
    }

    public void Dispose() => File.Delete(_variables);

    private static void Add(List<string> arguments, string option, string? value)
    {
        if (value is not null)
            arguments.AddRange([option, value]);
    }

    private ProcessStartInfo Program(params ReadOnlySpan<string> arguments)
    {
        ProcessStartInfo info = new(_executable);
        foreach (string argument in arguments)
            info.ArgumentList.Add(argument);
        return info;
    }
}
