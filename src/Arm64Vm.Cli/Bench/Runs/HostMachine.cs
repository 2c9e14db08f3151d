using System.Globalization;
using System.Runtime.InteropServices;

namespace Arm64Vm.Cli.Bench.Runs;

/// <summary>What the figures depend on: printed with every report.</summary>
internal static class HostMachine
{
    public static string Architecture => RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.X64 ? "amd64" : RuntimeInformation.OSArchitecture.ToString();

    public static string Cpu
    {
        get
        {
            var line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal));
            var name = line is null ? "unknown" : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
            return string.Create(CultureInfo.InvariantCulture, $"{name}, {Environment.ProcessorCount} processors");
        }
    }

    public static string Kernel => File.ReadAllText("/proc/sys/kernel/osrelease").Trim();

    /// <summary>Processes that wanted to run, over the last minute.</summary>
    public static string Load => File.ReadAllText("/proc/loadavg").Split(' ')[0];
}
