using System.Text.Json;

namespace Arm64Vm.Machine.Debugging.Qmp;

/// <summary>A control socket with JSON commands that users of QEMU know (QMP): look at a machine, stop it, let it go on, reset it, switch it off.</summary>
/// <remarks>Any number of clients, up to <see cref="MostClients"/>; more are sent away.</remarks>
public sealed class QmpServer : IAsyncDisposable
{
    internal const int MostClients = 16;

    private readonly VirtualMachine _machine;
    private readonly QmpDevices _devices;
    private readonly QmpCommands _commands;
    private readonly ClientListener<QmpSession> _clients;
    private volatile bool _isQuitting;

    private QmpServer(VirtualMachine machine, ListenAddress address)
    {
        _machine = machine;
        _devices = new QmpDevices(machine);
        _commands = new QmpCommands(machine, _devices, () => _isQuitting = true);
        _clients = new ClientListener<QmpSession>(
            address,
            MostClients,
            (stream, others) => others < MostClients ? new QmpSession(_commands, stream) : null,
            (session, stop) => session.RunAsync(stop),
            machine.Config.Log);
        machine.Hypervisor.Changed += OnChanged;
        machine.DeviceRemoved += OnRemoved;
        _clients.Start();
    }

    /// <summary>Where it listens.</summary>
    public System.Net.EndPoint LocalEndPoint => _clients.LocalEndPoint;

    /// <summary>Starts to listen.</summary>
    /// <param name="machine">What is controlled.</param>
    /// <param name="address"><c>unix:PATH</c> or <c>tcp:HOST:PORT</c>; options of QEMU's that say the same (<c>,server</c>, <c>,nowait</c>, <c>,server=on</c>, <c>,wait=off</c>) are ignored.</param>
    /// <exception cref="FormatException">The address is none.</exception>
    /// <exception cref="IOException">It cannot be listened on.</exception>
    public static QmpServer Start(VirtualMachine machine, string address)
    {
        ArgumentNullException.ThrowIfNull(machine);
        return new QmpServer(machine, Parse(address));
    }

    /// <summary>Reads an address.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    internal static ListenAddress Parse(string address)
    {
        var parts = address.Split(',');
        foreach (var option in parts.AsSpan(1))
        {
            if (option is not ("server" or "nowait" or "server=on" or "wait=off" or "wait=no"))
                throw new FormatException($"'{option}' is none of server, nowait, server=on, wait=off");
        }

        return ListenAddress.Parse(parts[0]);
    }

    /// <summary>Sends the clients away and listens no more; the machine goes on.</summary>
    public async ValueTask DisposeAsync()
    {
        _machine.Hypervisor.Changed -= OnChanged;
        _machine.DeviceRemoved -= OnRemoved;

        // Last words, such as SHUTDOWN, are on their way.
        if (_machine.State == RunState.Ended)
            await Task.Delay(20).ConfigureAwait(false);
        await _clients.DisposeAsync().ConfigureAwait(false);
    }

    private void OnChanged(MachineEvent change)
    {
        if (change.Machine != _machine)
            return;
        var (name, reason) = change.Kind switch
        {
            MachineEventKind.Paused => ("STOP", null),
            MachineEventKind.Resumed => ("RESUME", null),
            MachineEventKind.PowerKeyPressed => ("POWERDOWN", null),
            MachineEventKind.Reset => ("RESET", _machine.WasResetByGuest ? "guest-reset" : "host-qmp-system-reset"),
            MachineEventKind.Ended => ("SHUTDOWN", ShutdownReason()),
            _ => (null, null),
        };
        if (name is null)
            return;
        if (change.Kind == MachineEventKind.Ended && _machine.EndedBy == RunEnd.Panic)
            Raise("GUEST_PANICKED", json => json.WriteString("action", "shutdown"));
        Raise(name, reason is null ? null : json => WriteReason(json, reason));
    }

    /// <summary>Before clients can see the event, the device's name is free.</summary>
    private void OnRemoved(string id)
    {
        _devices.Removed(id);
        Raise("DEVICE_DELETED", json =>
        {
            json.WriteString("device", id);
            json.WriteString("path", "/machine/peripheral/" + id);
        });
    }

    private void Raise(string name, Action<Utf8JsonWriter>? data) => _clients.ForEach(session => session.Raise(name, data));

    /// <summary>As QEMU's ShutdownCause says it.</summary>
    private string ShutdownReason() => _machine.EndedBy switch
    {
        RunEnd.PowerOff or RunEnd.SemihostingExit => "guest-shutdown",
        RunEnd.Reset => "guest-reset",
        RunEnd.Panic => "guest-panic",
        RunEnd.Stopped => _isQuitting ? "host-qmp-quit" : "host-signal",
        _ => "host-error",
    };

    private static void WriteReason(Utf8JsonWriter json, string reason)
    {
        json.WriteBoolean("guest", reason.StartsWith("guest", StringComparison.Ordinal));
        json.WriteString("reason", reason);
    }
}
