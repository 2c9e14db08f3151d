namespace Arm64Vm.Cli.Bench.Guests;

/// <summary>The boots that every change is held against: the fetched firmware to its prompt, the fetched kernel to power-off.</summary>
internal static class StandardBoots
{
    /// <summary>What the fetched initrd prints when it has found its devices; without a root disk it then powers off.</summary>
    private const string Booted = "BOOT-OK";

    private const string CommandLine = "console=ttyAMA0 root=none";

    /// <summary>Those that are wanted and whose images are there.</summary>
    /// <param name="folder">Folder of images.</param>
    /// <param name="wanted">Whether a boot is to run.</param>
    /// <param name="missing">Gets the names of those that are wanted and whose images were not fetched.</param>
    public static List<Guest> In(string folder, Func<string, bool> wanted, List<string> missing)
    {
        var edk2 = Path.Combine(folder, "QEMU_EFI.fd");
        var linux = new GuestMachine { Kernel = Path.Combine(folder, "Image"), Initrd = Path.Combine(folder, "initrd.gz"), CommandLine = CommandLine };

        // U-Boot counts two seconds down. EDK2 waits five seconds for its menu, its shell five more for startup.nsh.
        (string Name, GuestMachine Machine, string? Until, double Countdown)[] all =
        [
            ("u-boot", new() { Firmware = Path.Combine(folder, "u-boot.bin") }, "=> ", 2),
            ("edk2", new() { Firmware = edk2 }, "Shell>", 10),
            ("edk2-vars", new() { Firmware = Path.Combine(folder, "AAVMF_CODE.fd"), Variables = Path.Combine(folder, "AAVMF_VARS.fd") }, "Shell>", 10),
            ("linux", linux, null, 0),
            ("linux-gic2", linux with { Gic = "2" }, null, 0),
            ("linux-edk2-acpi", linux with { Firmware = edk2 }, null, 0),
        ];
        var guests = new List<Guest>();
        foreach (var (name, machine, until, countdown) in all)
        {
            if (!wanted(name))
                continue;
            if (machine.Files.All(File.Exists))
                guests.Add(new BootGuest(name, machine, until, until is null ? Booted : null, TimeSpan.FromSeconds(countdown)));
            else
                missing.Add(name);
        }

        return guests;
    }
}
