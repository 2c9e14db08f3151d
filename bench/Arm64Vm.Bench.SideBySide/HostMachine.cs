namespace Arm64Vm.Bench.SideBySide;

/// <summary>What the figures depend on: printed with every report.</summary>
internal static class HostMachine
{
    public static string Cpu()
    {
        foreach (string line in File.ReadLines("/proc/cpuinfo"))
        {
            if (line.StartsWith("model name", StringComparison.Ordinal))
                return $"{line[(line.IndexOf(':') + 1)..].Trim()}, {Environment.ProcessorCount} processors";
        }

        return $"unknown, {Environment.ProcessorCount} processors";
    }

    public static string Kernel() => File.ReadAllText("/proc/sys/kernel/osrelease").Trim();

    public static string Load() => File.ReadAllText("/proc/loadavg").Split(' ')[0];
}
