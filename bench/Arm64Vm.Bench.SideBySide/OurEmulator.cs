using System.Diagnostics;

namespace Arm64Vm.Bench.SideBySide;

internal sealed class OurEmulator : IEmulator
{
    private readonly string _executable;

    /// <exception cref="UsageException">There is no such executable.</exception>
    public OurEmulator(Options options)
    {
        _executable = Path.GetFullPath(options.Ours);
        if (!File.Exists(_executable))
            throw new UsageException($"no {options.Ours}: dotnet publish src/Arm64Vm.Cli -c Release -o artifacts/aot");
    }

    public string Name => "arm64vm";

    public string Version() => ConsoleRun.FirstLine(Start("--version"));

    public ProcessStartInfo BareMetal(string image, string commandLine) => Start("boot", "--kernel", image, "--append", commandLine);

    public ProcessStartInfo Firmware(string image) => Start("boot", "--firmware", image);

    public ProcessStartInfo Linux(LinuxGuest guest) => Start(
        "boot", "--kernel", guest.Kernel, "--initrd", guest.Initrd, "--append", guest.CommandLine, "--memory", "2G",
        "--disk", guest.Root + ",readonly", "--disk", guest.Script + ",readonly");

    private ProcessStartInfo Start(params ReadOnlySpan<string> arguments)
    {
        ProcessStartInfo info = new(_executable);
        foreach (string argument in arguments)
            info.ArgumentList.Add(argument);
        return info;
    }
}
