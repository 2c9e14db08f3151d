namespace Arm64Vm.Bench.SideBySide;

/// <summary>The guests of one comparison, in the order of their rows, under the table's title.</summary>
internal sealed record GuestSet(string Title, IReadOnlyList<Guest> Members) : IDisposable
{
    /// <exception cref="UsageException">A file of a guest is missing.</exception>
    public static GuestSet For(Options options) => options.Mode switch
    {
        Mode.Kernels => new($"Kernels of the embedded firmware, {options.Seconds} s each, time per unit of work", [new KernelGuest(options)]),
        Mode.Boot => new("Boot, by the host's clock", [new BootGuest(options)]),
        Mode.Boots => new("Boots of the fetched guests, by the host's clock, count-downs taken off", StandardBoots.For(options)),
        _ => new("Programs under Linux, by the guest's clock; 'boot' by the host's", [new LinuxScriptGuest(options)]),
    };

    public void Dispose()
    {
        foreach (Guest guest in Members)
            guest.Dispose();
    }
}
