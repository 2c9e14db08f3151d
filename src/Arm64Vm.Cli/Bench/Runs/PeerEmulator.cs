using System.Diagnostics;
using System.Net.Sockets;
using Arm64Vm.Cli.Bench.Guests;
using Arm64Vm.Devices.Images;
using Arm64Vm.Devices.Net;
using Arm64Vm.Devices.Net.User;

namespace Arm64Vm.Cli.Bench.Runs;

/// <summary>QEMU: an executable or a script that runs it, or in a root folder of its own (entered with chroot, its files brought in beside it).</summary>
internal sealed class PeerEmulator : IEmulator, IDisposable
{
    private const string Executable = "qemu-system-aarch64";
    private const int SocketTries = 500;
    private const int SocketPause = 10;
    private readonly string? _root;
    private readonly string _executable;
    private readonly string _cpu;
    private readonly string _exchange = $"arm64vm-bench.{Environment.ProcessId}";
    private readonly string _exchangeOnHost;
    private readonly Dictionary<string, string> _inside = [];
    private readonly List<string> _written = [];
    private string? _socket;

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

        // Of memory-mapped transports the virt board takes the highest address first, so the last device is the guest's first disk.
        var drives = Drives(machine);
        var bus = machine.OnPci ? "pci" : "device";
        for (var i = 0; i < drives.Count; i++)
        {
            var number = machine.OnPci ? i : drives.Count - 1 - i;
            arguments.AddRange(["-drive", $"if=none,id=disk{number},{drives[number]}", "-device", $"virtio-blk-{bus},drive=disk{number}"]);
        }

        if (machine.HasNetwork)
        {
            var (onHost, network) = Exchanged("network");
            _socket = onHost;
            arguments.AddRange(["-netdev", $"stream,id=net,server=on,addr.type=unix,addr.path={network}"]);
            arguments.AddRange(["-device", $"virtio-net-{bus},netdev=net" + (machine.OnPci ? ",romfile=" : "")]);
        }

        return Program(arguments);
    }

    public void Dispose()
    {
        if (_root is not null && Directory.Exists(_exchangeOnHost))
            Directory.Delete(_exchangeOnHost, recursive: true);
    }

    public void Started(Func<bool> isInVain)
    {
        if (_socket is null)
            return;
        try
        {
            // QEMU listens from the moment on that the file is there, or a moment later.
            for (var tries = 0; ; tries++)
            {
                try
                {
                    UserNetwork.Serve(_socket);
                    return;
                }
                catch (SocketException) when (tries < SocketTries)
                {
                    // Then how the run ended says why.
                    if (isInVain())
                        return;
                    Thread.Sleep(SocketPause);
                }
            }
        }
        catch (Exception e) when (e is NetworkException or SocketException or ArgumentException)
        {
            throw CliException.Failure($"the peer's network: {e.Message}");
        }
    }

    public void Clean()
    {
        if (_socket is not null)
            File.Delete(_socket);
        _socket = null;
        foreach (var file in _written)
            File.Delete(file);
        _written.Clear();
    }

    /// <summary>What the <c>-drive</c> options say of each disk, the guest's first disk first.</summary>
    private List<string> Drives(GuestMachine machine)
    {
        var drives = machine.Disks.Select(disk => $"format=raw,readonly=on,file={Inside(disk)}").ToList();
        var last = Math.Max(0, drives.Count - 1);
        for (var i = 0; i < machine.Scratch.Count; i++)
        {
            var (onHost, inside) = Exchanged($"scratch{i}.peer");
            OurEmulator.Fresh(onHost, machine.Scratch[i]);
            _written.Add(onHost);
            drives.Insert(last + i, $"format={(machine.Scratch[i].Format == DiskFormat.Raw ? "raw" : "qcow2")},file={inside}");
        }

        return drives;
    }

    /// <summary>A file for one run: its name here, and as QEMU sees it.</summary>
    private (string OnHost, string Inside) Exchanged(string name)
    {
        Directory.CreateDirectory(_exchangeOnHost);
        var onHost = Path.Combine(_exchangeOnHost, name);
        return (onHost, _root is null ? onHost : $"/{_exchange}/{name}");
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
        var (onHost, inside) = Exchanged("variables.peer");
        File.Copy(file, onHost, overwrite: true);
        return inside;
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
