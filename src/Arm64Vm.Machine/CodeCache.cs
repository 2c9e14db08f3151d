using Arm64Vm.Translation.Jit.Images;

namespace Arm64Vm.Machine;

/// <summary>A folder in which translated code is kept from one run to the next: a machine that runs code which one has run before takes it from there.</summary>
/// <remarks>
/// Any number of machines and processes may use a folder at once. Code is found by the guest's bytes, the processor's mode and model, the host's instructions and this
/// build; whatever does not match, or is damaged, is left alone and made anew. The folder and its files are their user's alone: others' are not used.
/// </remarks>
/// <param name="folder">Made when a machine first needs it.</param>
/// <param name="report">Gets a line when something in the folder cannot be used; null: nobody is told.</param>
public sealed class CodeCache(string folder, Action<string>? report = null)
{
    internal ImageFolder Files { get; } = new(folder);

    internal Action<string>? Report { get; } = report;

    /// <summary>Full path of the folder.</summary>
    public string Folder => Files.Path;

    /// <summary>Bytes that its files have together at most; those used longest ago are deleted.</summary>
    public long Limit => Files.Limit;

    /// <summary><c>arm64vm</c> in the user's folder for such things (XDG base directory specification); null where there is none.</summary>
    public static string? DefaultFolder
    {
        get
        {
            var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
            if (!string.IsNullOrEmpty(cache) && Path.IsPathRooted(cache))
                return Path.Combine(cache, "arm64vm");
            var home = Environment.GetEnvironmentVariable("HOME");
            return string.IsNullOrEmpty(home) ? null : Path.Combine(home, ".cache", "arm64vm");
        }
    }

    /// <summary>Number and bytes of the files there, whichever build and host they are for.</summary>
    public (int Files, long Bytes) Measure()
    {
        var files = Files.Files();
        return (files.Count, files.Sum(file => file.Length));
    }

    /// <summary>Deletes the files; machines that run keep what they have opened. Returns how many, and their bytes.</summary>
    /// <exception cref="MachineConfigurationException">The folder is another user's, or others may write there.</exception>
    public (int Files, long Bytes) Clear()
    {
        if (!Directory.Exists(Folder))
            return (0, 0);
        return Files.IsTrusted(out var problem) ? Files.Clear() : throw new MachineConfigurationException($"code cache: {problem}");
    }
}
