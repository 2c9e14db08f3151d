using System.Diagnostics;
using Arm64Vm.Cli.Bench.Guests;

namespace Arm64Vm.Cli.Bench.Runs;

/// <summary>One side of a comparison: how it runs a guest. Each start gets its own machine; none keeps state.</summary>
internal interface IEmulator
{
    string Name { get; }

    /// <summary>The version line that it prints about itself.</summary>
    string Version { get; }

    /// <summary>Whether it can run the guest at all.</summary>
    bool CanRun(Guest guest);

    ProcessStartInfo Start(Guest guest);

    /// <summary>A run ends by itself after the last text that the guest is waited for; else it is killed.</summary>
    bool EndsAtLastText => false;

    /// <summary>After the start of the process: what the machine needs beside it.</summary>
    /// <param name="isInVain">The process has ended, or is to be ended.</param>
    /// <exception cref="CliException">That cannot be.</exception>
    void Started(Func<bool> isInVain)
    {
    }

    /// <summary>After a run: removes the disks that the guest wrote, so that the host does not write them back while another side is measured.</summary>
    void Clean()
    {
    }
}
