using System.Diagnostics;

namespace Arm64Vm.Bench.SideBySide;

/// <summary>How to start one emulator on each kind of guest. Each start gets its own machine; none keeps state.</summary>
internal interface IEmulator
{
    string Name { get; }

    /// <summary>The version line that it prints about itself.</summary>
    string Version();

    /// <summary>A bare-metal image with this kernel command line.</summary>
    ProcessStartInfo BareMetal(string image, string commandLine);

    /// <summary>Firmware in the first flash.</summary>
    ProcessStartInfo Firmware(string image);

    /// <summary>Linux with its root disk and a script disk, both read-only.</summary>
    ProcessStartInfo Linux(LinuxGuest guest);
}

internal sealed record LinuxGuest(string Kernel, string Initrd, string Root, string Script, string CommandLine);
