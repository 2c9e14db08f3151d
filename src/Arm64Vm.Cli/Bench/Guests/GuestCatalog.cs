using System.Globalization;
using System.Resources;
using Arm64Vm.Devices.Images;
using Arm64Vm.Machine;

namespace Arm64Vm.Cli.Bench.Guests;

/// <summary>The guests of a run, made from the options.</summary>
internal static class GuestCatalog
{
    private const string Fetch = "firmware/fetch-guests.sh";

    /// <summary>The scripts of the Linux suite, embedded from firmware/guests, and the classes of their workloads.</summary>
    private static (string Resource, string Class)[] Scripts => [("workloads", "ten programs"), ("programs", "other programs"), ("crypto", "OpenSSL")];

    /// <param name="options">What is to be measured.</param>
    /// <param name="work">A folder for files that the guests need.</param>
    /// <param name="notes">Gets what was left out, and why.</param>
    /// <exception cref="CliException">Nothing is left, or a file is missing that was asked for by name.</exception>
    public static List<Guest> Make(BenchOptions options, string work, List<string> notes)
    {
        var guests = new List<Guest>();
        if (options.Boot is { } machine)
        {
            guests.Add(new BootGuest("guest", machine, options.BootUntil, expected: null, options.BootCountdown));
            return guests;
        }

        if (options.Runs("kernels"))
            AddKernels(guests, options, work);
        if (options.Runs("boot"))
            AddBoots(guests, options, notes);
        if (options.Runs("linux"))
            AddLinux(guests, options, work, notes);
        if (options.Runs("io"))
            AddInputOutput(guests, options, work, notes);
        if (guests.Count == 0)
            throw CliException.Failure(notes.Count > 0 ? string.Join("; ", notes) : "--filter: it matches no workload of the suite");
        return guests;
    }

    /// <summary>A script of the product's.</summary>
    public static string EmbeddedScript(string name)
    {
        using var stream = typeof(GuestCatalog).Assembly.GetManifestResourceStream($"bench/{name}.sh") ?? throw new MissingManifestResourceException(name);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static void AddKernels(List<Guest> guests, BenchOptions options, string work)
    {
        string[] kernels = [.. KernelCatalog.All.Where(kernel => options.Wants("kernels", kernel))];
        if (kernels.Length == 0)
            return;
        var image = Path.Combine(work, "arm64vm-firmware.elf");
        using (var firmware = typeof(VirtualMachine).Assembly.GetManifestResourceStream(Path.GetFileName(image)) ?? throw CliException.Failure("this build has no embedded firmware"))
        using (var file = File.Create(image))
            firmware.CopyTo(file);
        guests.Add(new KernelGuest(image, options.Seconds, kernels));
    }

    private static void AddBoots(List<Guest> guests, BenchOptions options, List<string> notes)
    {
        var missing = new List<string>();
        guests.AddRange(StandardBoots.In(options.Images, name => options.Wants("boot", name), missing));
        if (missing.Count > 0)
            notes.Add($"no images in {options.Images} for {string.Join(", ", missing)}: {Fetch} u-boot edk2 linux");
    }

    private static void AddLinux(List<Guest> guests, BenchOptions options, string work, List<string> notes)
    {
        if (!File.Exists(Path.Combine(options.Images, "rootfs.img")) || !File.Exists(Path.Combine(options.Images, "Image")))
        {
            notes.Add($"no Linux with a root disk in {options.Images}: {Fetch} linux rootfs");
            return;
        }

        var scripts = options.Script is { } file
            ? [(Path.GetFileNameWithoutExtension(file), "script", ReadScript(file))]
            : Scripts.Select(script => (script.Resource, script.Class, EmbeddedScript(script.Resource)));
        foreach (var (name, className, text) in scripts)
        {
            var guest = new LinuxScriptGuest(name, className, text, workload => options.Wants("linux", workload), options.Images, work);
            if (guest.Workloads.Count > 0)
                guests.Add(guest);
        }
    }

    /// <summary>Disks and network, on PCIe and memory-mapped; not part of "all", because it takes the host's disk and loopback interface as they are.</summary>
    private static void AddInputOutput(List<Guest> guests, BenchOptions options, string work, List<string> notes)
    {
        if (!File.Exists(Path.Combine(options.Images, "rootfs.img")) || !File.Exists(Path.Combine(options.Images, "Image")))
        {
            notes.Add($"no Linux with a root disk in {options.Images}: {Fetch} linux rootfs");
            return;
        }

        var script = EmbeddedScript("io");
        if (options.NetworkServerPort is { } port)
            script = string.Create(CultureInfo.InvariantCulture, $"ARM64VM_IPERF={port}\n{script}");
        else
            notes.Add("no iperf3 on PATH: 'apt install iperf3' brings it; the network is left out");
        foreach (var onPci in (ReadOnlySpan<bool>)[true, false])
        {
            var name = onPci ? "io-pci" : "io-mmio";
            var guest = new LinuxScriptGuest(name, onPci ? "PCIe" : "mmio", script,
                workload => options.Wants(name, workload) && (options.NetworkServerPort is not null || !workload.StartsWith("net-", StringComparison.Ordinal)),
                options.Images, work, name, machine => machine with
                {
                    Scratch = [new ScratchDisk(DiskFormat.Raw, 512 << 20), new ScratchDisk(DiskFormat.Qcow2, 512 << 20)],
                    HasNetwork = true,
                    OnPci = onPci,
                });
            if (guest.Workloads.Count > 0)
                guests.Add(guest);
        }
    }

    private static string ReadScript(string file) => File.Exists(file) ? File.ReadAllText(file) : throw CliException.Failure($"--script: there is no '{file}'");
}
