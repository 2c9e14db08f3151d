using System.Diagnostics;
using Arm64Vm.Cli.Bench.Guests;

namespace Arm64Vm.Cli.Bench.Runs;

/// <summary>The host itself, running the Linux suite's scripts with programs for its own architecture in a root folder.</summary>
internal sealed class NativeHost : IEmulator
{
    /// <summary>
    /// What the script finds: the folder's programs, the host's devices and processes, an empty /tmp. The mounts are in a namespace of their own and go with the process.
    /// The script is opened before /tmp is covered.
    /// </summary>
    private const string Enter =
        """
        exec 3<"$2"
        mount --rbind /dev "$1/dev" && mount --rbind /proc "$1/proc" && mount -t tmpfs tmp "$1/tmp" || exit 1
        echo BOOT-OK
        cd / && exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$1" /bin/bash /proc/self/fd/3
        """;

    private readonly string _root;

    /// <exception cref="CliException">There is no such folder, or no shell in it.</exception>
    public NativeHost(string root)
    {
        _root = Path.GetFullPath(root);
        if (!Directory.Exists(_root))
            throw CliException.Failure($"--native: there is no folder '{root}'");
        if (!File.Exists(Path.Combine(_root, "bin/bash")))
            throw CliException.Failure($"--native: there is no bin/bash in '{root}'");
        Version = $"{HostMachine.Architecture} programs in {root}";
    }

    public string Name => "native";

    public string Version { get; }

    public bool CanRun(Guest guest) => guest.RunsOnHost;

    public ProcessStartInfo Start(Guest guest)
    {
        string[] user = Environment.IsPrivilegedProcess ? [] : ["--map-root-user"];
        return new ProcessStartInfo("unshare", ["--mount", .. user, "/bin/sh", "-c", Enter, "native", _root, guest.ScriptFile!]);
    }
}
