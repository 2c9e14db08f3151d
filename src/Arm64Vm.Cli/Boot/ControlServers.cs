using Arm64Vm.Machine;
using Arm64Vm.Machine.Debugging.Gdb;
using Arm64Vm.Machine.Debugging.Qmp;
using Arm64Vm.Machine.Vnc;

namespace Arm64Vm.Cli.Boot;

/// <summary>What lets others look into a machine and control it while it runs.</summary>
internal sealed class ControlServers : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _servers = [];

    /// <summary>Starts those that have an address.</summary>
    /// <exception cref="IOException">An address cannot be listened on.</exception>
    public void Start(VirtualMachine machine, string? gdb, string? qmp, string? vnc, TextWriter messages)
    {
        if (vnc is not null)
            _servers.Add(VncServer.Start(machine, vnc));
        if (qmp is not null)
            _servers.Add(QmpServer.Start(machine, qmp));
        if (gdb is null)
            return;
        _servers.Add(GdbServer.Start(machine, gdb));
        if (machine.Config.StartsPaused)
            messages.WriteLine($"{Application.Name}: the machine waits for gdb: target remote {GdbName(gdb)}");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>As GDB takes it: a path stands for itself.</summary>
    private static string GdbName(string address) => address.StartsWith("unix:", StringComparison.Ordinal) ? address[5..] : address;
}
