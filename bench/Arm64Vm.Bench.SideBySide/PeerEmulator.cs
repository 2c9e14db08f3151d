using System.Diagnostics;

namespace Arm64Vm.Bench.SideBySide;

/// <summary>QEMU: in a root folder of its own (run through chroot, its files copied in beside it), or the host's.</summary>
internal sealed class PeerEmulator : IEmulator, IDisposable
{
    private const string Executable = "qemu-system-aarch64";
    private readonly string? _root;
    private readonly string _cpu;
    private readonly string _exchange = $"side-by-side.{Environment.ProcessId}";
    private readonly string _exchangeOnHost;
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
                throw new UsageException($"no usr/bin/{Executable} under {_root}");
        }
        else if (!OnPath())
        {
            throw new UsageException($"no {Executable} on PATH: firmware/fetch-guests.sh peer, or --peer DIR");
        }

        _exchangeOnHost = Path.Combine(_root ?? Path.GetTempPath(), _exchange);
    }

    public string Name => "qemu";

    public string Version() => ConsoleRun.FirstLine(Program("--version"));

    public ProcessStartInfo Start(GuestMachine guest)
    {
        List<string> arguments =
            ["-M", $"virt,gic-version={guest.Gic}", "-cpu", _cpu, "-m", guest.Memory, "-nographic", "-nic", "none", "-no-reboot"];
        if (guest.Variables is not null)
        {
            arguments.AddRange(["-drive", $"if=pflash,unit=0,format=raw,readonly=on,file={Inside(guest.Firmware!)}"]);
            arguments.AddRange(["-drive", $"if=pflash,unit=1,format=raw,file={FreshCopy(guest.Variables)}"]);
        }
        else
        {
            Add(arguments, "-bios", guest.Firmware);
        }

        Add(arguments, "-kernel", guest.Kernel);
        Add(arguments, "-initrd", guest.Initrd);
        if (guest.CommandLine is not null)
            arguments.AddRange(["-append", guest.CommandLine]);

        // The virt board fills its virtio transports from the highest address down, so the last device is the guest's first disk.
        for (int i = guest.Disks.Count - 1; i >= 0; i--)
        {
            arguments.AddRange(["-drive", $"if=none,id=disk{i},format=raw,readonly=on,file={Inside(guest.Disks[i])}"]);
            arguments.AddRange(["-device", $"virtio-blk-device,drive=disk{i}"]);
        }

        return Program([.. arguments]);
    }

    public void Dispose()
    {
        if (Directory.Exists(_exchangeOnHost))
            Directory.Delete(_exchangeOnHost, recursive: true);
    }

    private static bool IsRoot(string folder) => File.Exists(Path.Combine(folder, "usr/bin", Executable));

    private static bool OnPath()
    {
        foreach (string folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'))
        {
            if (File.Exists(Path.Combine(folder, Executable)))
                return true;
        }

        return false;
    }

    private ProcessStartInfo Program(params ReadOnlySpan<string> arguments)
    {
        ProcessStartInfo info = new(_root is null ? Executable : "chroot");
        if (_root is not null)
        {
            info.ArgumentList.Add(_root);
            info.ArgumentList.Add(Executable);
        }

        foreach (string argument in arguments)
            info.ArgumentList.Add(argument);
        return info;
    }

    private void Add(List<string> arguments, string option, string? file)
    {
        if (file is not null)
            arguments.AddRange([option, Inside(file)]);
    }

    /// <summary>The name, as QEMU sees it, of a copy that one start may write.</summary>
    private string FreshCopy(string file)
    {
        const string Name = "variables";
        Directory.CreateDirectory(_exchangeOnHost);
        File.Copy(file, Path.Combine(_exchangeOnHost, Name), overwrite: true);
        return _root is null ? Path.Combine(_exchangeOnHost, Name) : $"/{_exchange}/{Name}";
    }

    /// <summary>The name of a host file as QEMU sees it; the first use copies it under the root folder.</summary>
    private string Inside(string file)
    {
        string path = Path.GetFullPath(file);
        if (_root is null)
            return path;
        if (_inside.TryGetValue(path, out string? known))
            return known;
        Directory.CreateDirectory(_exchangeOnHost);
        string name = $"/{_exchange}/{_inside.Count}-{Path.GetFileName(path)}";
        File.Copy(path, _root + name);
        _inside.Add(path, name);
        return name;
    }
}
