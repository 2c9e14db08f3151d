namespace Arm64Vm.Bench.SideBySide;

/// <summary>The boots that every change is held against: the fetched firmware to its prompt, the fetched kernel to power-off.</summary>
internal static class StandardBoots
{
    /// <summary>What the fetched initrd prints when it has found its devices; without a root disk it then powers off.</summary>
    private const string Booted = "BOOT-OK";

    private const string CommandLine = "console=ttyAMA0 root=none";

    /// <exception cref="UsageException">An image that was not fetched, or an unknown name in the list.</exception>
    public static IReadOnlyList<Guest> For(Options options)
    {
        string folder = options.Guests;
        string edk2 = Path.Combine(folder, "QEMU_EFI.fd");
        GuestMachine linux = new()
        {
            Kernel = Path.Combine(folder, "Image"),
            Initrd = Path.Combine(folder, "initrd.gz"),
            CommandLine = CommandLine,
        };

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
        string[] wanted = options.Boots?.Split(',') ?? [.. all.Select(boot => boot.Name)];
        List<Guest> guests = [];
        foreach (string name in wanted)
        {
            int i = Array.FindIndex(all, boot => boot.Name == name);
            if (i < 0)
                throw new UsageException($"unknown boot '{name}': {string.Join(", ", all.Select(boot => boot.Name))}");
            (_, GuestMachine machine, string? until, double countdown) = all[i];
            guests.Add(new BootGuest(name, machine, until, until is null ? Booted : null, TimeSpan.FromSeconds(countdown)));
        }

        return guests;
    }
}
