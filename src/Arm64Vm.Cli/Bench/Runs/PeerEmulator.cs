using System.Diagnostics;
using Arm64Vm.Cli.Bench.Guests;
using Arm64Vm.Devices.Images;

namespace Arm64Vm.Cli.Bench.Runs;

/// <summary>QEMU: an executable or a script that runs it, or in a root folder of its own (entered with chroot, its files brought in beside it).</summary>
internal sealed class PeerEmulator : IEmulator, IDisposable
{
    private const string Executable = "qemu-system-aarch64";
    private readonly string? _root;
    private readonly string _executable;
    private readonly string _cpu;
    private readonly string _exchange = $"arm64vm-bench.{Environment.ProcessId}";
    private readonly string _exchangeOnHost;
    private readonly Dictionary<string, string> _inside = [];

    private PeerEmulator(string? root, string executable, string cpu, string work)
    {
        _root = root;
        _executable = executable;
        _cpu = cpu;
        _exchangeOnHost = root is null ? work : Path.Combine(root, _exchange);
        Version = ConsoleRun.FirstLine(Program(["--version"])) ?? throw CliException.Failure($"--peer: {root ?? executable} does not tell its version");
    }

    public string Name => "qemu";

    public string Version { get; }

    /// <summary>What <c>--peer</c> names; without it the fetched one, or the one on PATH, or null.</summary>
    /// <param name="path">A root folder with QEMU in it, an executable, <c>none</c>, or null.</param>
    /// <param name="images">The folder of fetched guests.</param>
    /// <param name="cpu">Its CPU model.</param>
    /// <param name="work">A folder for files that a run may change.</param>
    /// <exception cref="CliException">There is no QEMU where the option says, or it does not run.</exception>
    public static PeerEmulator? Find(string? path, string images, string cpu, string work)
    {
        if (path == "none")
            return null;
        if (path is null)
        {
            var fetched = Path.Combine(images, "peer");
            if (IsRoot(fetched) && Environment.IsPrivilegedProcess)
                return new PeerEmulator(fetched, Executable, cpu, work);
            return OnPath() is { } found ? new PeerEmulator(null, found, cpu, work) : null;
        }

        if (Directory.Exists(path))
        {
            return IsRoot(path) ? new PeerEmulator(Path.GetFullPath(path), Executable, cpu, work)
                : throw CliException.Failure($"--peer: there is no usr/bin/{Executable} in '{path}'");
        }

        return File.Exists(path) ? new PeerEmulator(null, Path.GetFullPath(path), cpu, work) : throw CliException.Failure($"--peer: there is no '{path}'");
    }

    public bool CanRun(Guest guest) => true;

    public ProcessStartInfo Start(Guest guest)
    {
        var machine = guest.Machine;
        List<string> arguments =
            ["-M", $"virt,gic-version={machine.Gic}", "-cpu", _cpu, "-m", machine.Memory, "-nographic", "-nic", "none", "-no-reboot"];
        if (machine.Variables is not null)
        {
            arguments.AddRange(["-drive", $"if=pflash,unit=0,format=raw,readonly=on,file={Inside(machine.Firmware!)}"]);
            arguments.AddRange(["-drive", $"if=pflash,unit=1,format=raw,file={FreshCopy(machine.Variables)}"]);
        }
        else
        {
            Add(arguments, "-bios", machine.Firmware);
        }

        Add(arguments, "-kernel", machine.Kernel);
        Add(arguments, "-initrd", machine.Initrd);
        if (machine.CommandLine is not null)
            arguments.AddRange(["-append", machine.CommandLine]);

        if (machine.HasNetwork)
        {
            AddOnPci(arguments, machine);
            return Program(arguments);
        }

        // The virt board fills its virtio transports from the highest address down, so the last device is the guest's first disk.
        for (var i = machine.Disks.Count - 1; i >= 0; i--)
        {
            arguments.AddRange(["-drive", $"if=none,id=disk{i},format=raw,readonly=on,file={Inside(machine.Disks[i])}"]);
            arguments.AddRange(["-device", $"virtio-blk-device,drive=disk{i}"]);
        }

        return Program(arguments);
    }

    public void Dispose()
    {
        if (_root is not null && Directory.Exists(_exchangeOnHost))
            Directory.Delete(_exchangeOnHost, recursive: true);
    }

    private void AddOnPci(List<string> arguments, GuestMachine machine)
    {
        var last = machine.Scratch.Count > 0 ? 1 : 0;
        foreach (var disk in machine.Disks.SkipLast(last))
            AddDisk(Inside(disk), "raw,readonly=on");
        for (var i = 0; i < machine.Scratch.Count; i++)
        {
            Directory.CreateDirectory(_exchangeOnHost);
            var name = $"scratch{i}.peer";
            OurEmulator.Fresh(Path.Combine(_exchangeOnHost, name), machine.Scratch[i]);
            AddDisk(_root is null ? Path.Combine(_exchangeOnHost, name) : $"/{_exchange}/{name}", machine.Scratch[i].Format == DiskFormat.Raw ? "raw" : "qcow2");
        }

        if (last > 0)
            AddDisk(Inside(machine.Disks[^1]), "raw,readonly=on");
        arguments.AddRange(["-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile="]);

        void AddDisk(string file, string format)
        {
            var id = $"disk{arguments.Count}";
            arguments.AddRange(["-drive", $"if=none,id={id},format={format},file={file}", "-device", $"virtio-blk-pci,drive={id}"]);
        }
    }

    private static bool IsRoot(string folder) => File.Exists(Path.Combine(folder, "usr/bin", Executable));

    private static string? OnPath() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, Executable)).FirstOrDefault(File.Exists);

    private ProcessStartInfo Program(IEnumerable<string> arguments) =>
        _root is null ? new(_executable, [.. arguments]) : new("chroot", [_root, _executable, .. arguments]);

    private void Add(List<string> arguments, string option, string? file)
    {
        if (file is not null)
            arguments.AddRange([option, Inside(file)]);
    }

    /// <summary>The name, as QEMU sees it, of a copy that one start may write.</summary>
    private string FreshCopy(string file)
    {
        const string Name = "variables.peer";
        Directory.CreateDirectory(_exchangeOnHost);
        File.Copy(file, Path.Combine(_exchangeOnHost, Name), overwrite: true);
        return _root is null ? Path.Combine(_exchangeOnHost, Name) : $"/{_exchange}/{Name}";
    }

    /// <summary>The name of a host file as QEMU sees it; the first use copies it under the root folder.</summary>
    private string Inside(string file)
    {
        var path = Path.GetFullPath(file);
        if (_root is null)
            return path;
        if (_inside.TryGetValue(path, out var known))
            return known;
        Directory.CreateDirectory(_exchangeOnHost);
        var name = $"/{_exchange}/{_inside.Count}-{Path.GetFileName(path)}";
        File.Copy(path, _root + name);
        _inside.Add(path, name);
        return name;
    }
}
