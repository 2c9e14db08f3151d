using Arm64Vm.Devices.Images;
using Arm64Vm.Machine;

namespace Arm64Vm.Cli.Files;

/// <summary>The files that a command line names, to find one that is written and used again before any is opened.</summary>
internal sealed class FileUses
{
    private readonly List<Use> _uses = [];

    /// <summary>The file is only read; null: there is none.</summary>
    public void Reads(string option, string? path) => Add(option, path, writes: false);

    /// <summary>The file is written; null: there is none.</summary>
    public void Writes(string option, string? path) => Add(option, path, writes: true);

    /// <summary>What a machine reads and writes, by the options for it.</summary>
    /// <param name="config">The machine.</param>
    /// <param name="kernelOption">What named the kernel.</param>
    /// <param name="isKept">False: nothing that the guest writes is kept, as in lockstep.</param>
    public void AddMachine(MachineConfig config, string kernelOption, bool isKept)
    {
        Reads("--firmware", config.Firmware?.Path);
        Reads(kernelOption, config.Kernel?.Path);
        Reads("--initrd", config.Initrd?.Path);
        Reads("--dtb", config.DeviceTree?.Path);
        Add("--vars", config.Vars, isKept);
        foreach (var disk in config.Disks)
            AddDisk(disk, isKept);
    }

    /// <summary>The process's own output, where the shell has sent it to a file.</summary>
    public void AddStandardStreams()
    {
        Writes("standard output", "/proc/self/fd/1");
        if (FileIdentity.Find("/proc/self/fd/2") != FileIdentity.Find("/proc/self/fd/1"))
            Writes("standard error", "/proc/self/fd/2");
    }

    /// <exception cref="CliException">A file that is written is used a second time.</exception>
    public void Check()
    {
        for (var i = 0; i < _uses.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                var (first, second) = (_uses[j], _uses[i]);
                if ((first.Writes || second.Writes) && first.Identity == second.Identity)
                    throw CliException.Usage(Describe(first, second));
            }
        }
    }

    /// <summary>An image, and those below it, which the guest reads too.</summary>
    private void AddDisk(DiskConfig disk, bool isKept)
    {
        Add("--disk", disk.Path, isKept && disk.Mode == DiskMode.ReadWrite);

        // What is no file, such as a pipe, must not be read here.
        if (FileIdentity.Find(disk.Path) is null || !File.Exists(disk.Path))
            return;
        foreach (var below in BackingPath.Chain(disk.Path, disk.Format))
            Reads("--disk (as a backing file)", below);
    }

    private static string Describe(Use first, Use second)
    {
        if (first.Option == second.Option)
            return $"{first.Option}: {Files(first, second)} given twice, and what is written cannot be shared";
        return second.Writes
            ? $"{second.Option}: {Files(second, first)} used by {first.Option} too, and would be overwritten"
            : $"{second.Option}: {Files(second, first)} used by {first.Option} too, which writes it";
    }

    private static string Files(Use one, Use other) =>
        one.Path == other.Path || other.Path.StartsWith("/proc/self/fd/", StringComparison.Ordinal) ? $"'{one.Path}' is" : $"'{one.Path}' is the same file as '{other.Path}', which is";

    private void Add(string option, string? path, bool writes)
    {
        if (path is not null && FileIdentity.Find(path) is { } identity)
            _uses.Add(new Use(option, path, identity, writes));
    }

    private readonly record struct Use(string Option, string Path, string Identity, bool Writes);
}
