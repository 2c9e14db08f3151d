namespace Arm64Vm.Machine.Profiling;

/// <summary>The host in a line.</summary>
internal static class HostDescription
{
    public static string Read()
    {
        const string Key = "model name";
        try
        {
            foreach (var line in File.ReadLines("/proc/cpuinfo"))
            {
                if (line.StartsWith(Key, StringComparison.Ordinal) && line.IndexOf(':', StringComparison.Ordinal) is > 0 and var at)
                    return $"{line[(at + 1)..].Trim()}, {Environment.ProcessorCount} processors, {Environment.OSVersion.VersionString}";
            }
        }
        catch (IOException)
        {
            // The rest is known without it.
        }

        return $"{Environment.ProcessorCount} processors, {Environment.OSVersion.VersionString}";
    }
}
