using System.Diagnostics;

namespace Arm64Vm.Bench.SideBySide;

/// <summary>QEMU: in a root folder of its own (run through chroot, its files copied in beside it), or the host's.</summary>
internal sealed class PeerEmulator : IEmulator, IDisposable
{
    private const string Program = "qemu-system-aarch64";
    private readonly string? _root;
    private readonly string _cpu;
    private readonly string _exchange = $"side-by-side.{Environment.ProcessId}";
    private readonly Dictionary<string, string> _inside = [];

    /// <exception cref="UsageException">No QEMU where the options say, or none at all.</exception>
    public PeerEmulator(Options options)
    {
        _cpu = options.Cpu;
        string fetched = Path.Combine(options.Guests, "peer");
        if (options.Peer is not null || IsRoot(fetched))
        {
            _root = Path.GetFullPath(options.Peer ?? fetched);
            if (!IsRoot(_root))
                throw new UsageException($"no usr/bin/{Program} under {_root}");
        }
        else if (!OnPath())
        {
            throw new UsageException($"no {Program} on PATH: firmware/fetch-guests.sh peer, or --peer DIR");
        }
    }

    public string Name => "qemu";

    public string Version() => ConsoleRun.FirstLine(Start("--version"));

    public ProcessStartInfo BareMetal(string image, string commandLine) => Machine("512M", "-kernel", Inside(image), "-append", commandLine);

    public ProcessStartInfo Firmware(string image) => Machine("1G", "-bios", Inside(image));

    // The virt board fills its virtio transports from the highest address down, so the last device is the guest's first disk.
    public ProcessStartInfo Linux(LinuxGuest guest) => Machine(
        "2G", "-kernel", Inside(guest.Kernel), "-initrd", Inside(guest.Initrd), "-append", guest.CommandLine,
        "-drive", $"if=none,id=root,format=raw,readonly=on,file={Inside(guest.Root)}",
        "-drive", $"if=none,id=script,format=raw,readonly=on,file={Inside(guest.Script)}",
        "-device", "virtio-blk-device,drive=script", "-device", "virtio-blk-device,drive=root");

    public void Dispose()
    {
        if (_root is not null && _inside.Count > 0)
            Directory.Delete(Path.Combine(_root, _exchange), recursive: true);
    }

    private static bool IsRoot(string folder) => File.Exists(Path.Combine(folder, "usr/bin", Program));

    private static bool OnPath()
    {
        foreach (string folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'))
        {
            if (File.Exists(Path.Combine(folder, Program)))
                return true;
        }

        return false;
    }

    private ProcessStartInfo Machine(string memory, params ReadOnlySpan<string> arguments) => Start(
        ["-M", "virt,gic-version=3", "-cpu", _cpu, "-m", memory, "-nographic", "-nic", "none", "-no-reboot", .. arguments]);

    private ProcessStartInfo Start(params ReadOnlySpan<string> arguments)
    {
        ProcessStartInfo info = new(_root is null ? Program : "chroot");
        if (_root is not null)
        {
            info.ArgumentList.Add(_root);
            info.ArgumentList.Add(Program);
        }

        foreach (string argument in arguments)
            info.ArgumentList.Add(argument);
        return info;
    }

    /// <summary>The name of a host file as QEMU sees it; the first use copies it under the root folder.</summary>
    private string Inside(string file)
    {
        string path = Path.GetFullPath(file);
        if (_root is null)
            return path;
        if (_inside.TryGetValue(path, out string? known))
            return known;
        Directory.CreateDirectory(Path.Combine(_root, _exchange));
        string name = $"/{_exchange}/{_inside.Count}-{Path.GetFileName(path)}";
        File.Copy(path, _root + name);
        _inside.Add(path, name);
        return name;
    }
}
