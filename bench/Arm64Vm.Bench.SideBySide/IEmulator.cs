using System.Diagnostics;

namespace Arm64Vm.Bench.SideBySide;

/// <summary>How to start one emulator on a guest. Each start gets its own machine; none keeps state.</summary>
internal interface IEmulator
{
    string Name { get; }

    /// <summary>The version line that it prints about itself.</summary>
    string Version();

    ProcessStartInfo Start(GuestMachine guest);
}

/// <summary>The machine that both sides give a guest: one processor on the virt board, a serial console, no network.</summary>
internal sealed record GuestMachine
{
    /// <summary>RAM, as both command lines take it.</summary>
    public string Memory { get; init; } = "1G";

    /// <summary>The version of the interrupt controller.</summary>
    public string Gic { get; init; } = "3";

    /// <summary>The image in the first flash, or null.</summary>
    public string? Firmware { get; init; }

    /// <summary>The image in the second flash, of which each start gets a fresh copy, or null.</summary>
    public string? Variables { get; init; }

    public string? Kernel { get; init; }
    public string? Initrd { get; init; }
    public string? CommandLine { get; init; }

    /// <summary>Read-only disks; the first is the guest's first.</summary>
    public IReadOnlyList<string> Disks { get; init; } = [];
}
