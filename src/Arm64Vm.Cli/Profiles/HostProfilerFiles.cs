using Arm64Vm.Cli.Files;
using Arm64Vm.Machine;
using Arm64Vm.Machine.Profiling;

namespace Arm64Vm.Cli.Profiles;

/// <summary><c>arm64vm profile --perf-map</c> and <c>--jitdump</c>: names of emitted code for the host's <c>perf</c>. Opened when the machine starts, written when its recording has ended.</summary>
internal sealed class HostProfilerFiles(bool hasMap, string? dumpFolder) : IDisposable
{
    private readonly OutputFile? _map = hasMap ? new OutputFile(PerfMapFile.PathOf(Environment.ProcessId)) : null;
    private JitDumpFile? _dump;

    /// <exception cref="CliException">The folder is not there.</exception>
    public void Check()
    {
        if (dumpFolder is not null && !Directory.Exists(dumpFolder))
            throw CliException.Usage($"--jitdump: there is no folder '{dumpFolder}'");
    }

    /// <exception cref="IOException">A file cannot be made.</exception>
    public void Open()
    {
        OutputFile.Open(_map);
        if (dumpFolder is not null)
            _dump = new JitDumpFile(dumpFolder, Environment.ProcessId);
    }

    /// <exception cref="IOException">The file cannot be written; it is empty.</exception>
    public void WriteMap(VirtualMachine machine) => _map?.WriteWhole(file => PerfMapFile.Write(machine.RecordedHostCode(), file));

    /// <exception cref="IOException">The file cannot be written; it has no code.</exception>
    public void WriteDump(VirtualMachine machine) => _dump?.Finish(machine.RecordedHostCode());

    public void Dispose()
    {
        _map?.Dispose();
        _dump?.Dispose();
    }
}
