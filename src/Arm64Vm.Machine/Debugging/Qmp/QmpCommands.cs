using System.Globalization;
using System.Text.Json;
using Arm64Vm.Machine.Debugging.Monitor;

namespace Arm64Vm.Machine.Debugging.Qmp;

/// <summary>The commands: what each does with a machine, and what it returns (QEMU QMP Reference Manual).</summary>
/// <param name="machine">It.</param>
/// <param name="devices">What clients plugged in.</param>
/// <param name="quitting">Called before a client ends the run.</param>
internal sealed class QmpCommands(VirtualMachine machine, QmpDevices devices, Action quitting)
{
    /// <summary>All names, sorted.</summary>
    public static IReadOnlyList<string> Names =>
    [
        "balloon", "blockdev-add", "blockdev-del", "cont", "device_add", "device_del", "human-monitor-command", "netdev_add", "netdev_del", "qmp_capabilities", "query-balloon", "query-block", "query-chardev", "query-commands", "query-cpus-fast", "query-kvm",
        "query-name", "query-status", "query-version", "quit", "screendump", "stop", "system_powerdown", "system_reset",
    ];

    /// <summary>Carries out a command and writes what it returns.</summary>
    /// <exception cref="QmpException">It is refused.</exception>
    public async Task ExecuteAsync(string name, QmpArguments arguments, Utf8JsonWriter result)
    {
        switch (name)
        {
            case "stop":
                await machine.PauseAsync().ConfigureAwait(false);
                break;
            case "cont":
                if (machine.State == RunState.Ended)
                    throw new QmpException("Resetting the Virtual Machine is required");
                machine.Resume();
                break;
            case "system_reset":
                machine.Reset();
                break;
            case "system_powerdown":
                machine.PressPowerKey();
                break;
            case "quit":
                quitting();
                _ = machine.StopAsync();
                break;
            case "screendump":
                if (Screendump.TryWrite(machine, arguments.Text("filename"), arguments.OptionalText("format")) is { } problem)
                    throw new QmpException(problem);
                break;
            case "balloon":
                SetBalloon(arguments);
                break;
            case "human-monitor-command":
                result.WriteStringValue(await new MachineMonitor(machine).ExecuteAsync(Processor(arguments), arguments.Text("command-line")).ConfigureAwait(false));
                return;
            default:
                if (devices.TryExecute(name, arguments))
                    break;
                if (!TryQuery(name, result))
                    throw new QmpException(QmpException.NotFound, $"The command {name} has not been found");
                return;
        }

        WriteNothing(result);
    }

    public static void WriteNothing(Utf8JsonWriter result)
    {
        result.WriteStartObject();
        result.WriteEndObject();
    }

    public static void WriteVersion(Utf8JsonWriter json)
    {
        var version = typeof(QmpCommands).Assembly.GetName().Version ?? new Version(0, 0, 0);
        json.WriteStartObject();
        json.WriteStartObject("qemu");
        json.WriteNumber("major", version.Major);
        json.WriteNumber("minor", version.Minor);
        json.WriteNumber("micro", Math.Max(0, version.Build));
        json.WriteEndObject();
        json.WriteString("package", $"Arm64Vm {version.ToString(3)}");
        json.WriteEndObject();
    }

    private bool TryQuery(string name, Utf8JsonWriter result)
    {
        switch (name)
        {
            case "query-status":
                WriteStatus(result);
                return true;
            case "query-version":
                WriteVersion(result);
                return true;
            case "query-name":
                result.WriteStartObject();
                result.WriteString("name", machine.Name);
                result.WriteEndObject();
                return true;
            case "query-kvm":
                result.WriteStartObject();
                result.WriteBoolean("enabled", false);
                result.WriteBoolean("present", false);
                result.WriteEndObject();
                return true;
            case "query-balloon":
                if (!machine.Config.HasBalloon)
                    throw new QmpException("DeviceNotActive", "No balloon device has been activated");
                result.WriteStartObject();
                result.WriteNumber("actual", machine.GuestMemory);
                result.WriteEndObject();
                return true;
            case "query-commands":
                WriteList(result, Names, name => result.WriteString("name", name));
                return true;
            case "query-cpus-fast":
                WriteList(result, Enumerable.Range(0, machine.Config.Cpus), WriteProcessor);
                return true;
            case "query-block":
                WriteList(result, [.. machine.Config.Disks.Select((disk, index) => ($"disk{index}", default(string), disk)), .. devices.Disks.Select(one => ("", (string?)one.Device, one.Disk))], WriteDisk);
                return true;
            case "query-chardev":
                WriteList(result, Consoles(), one =>
                {
                    result.WriteString("label", one.Label);
                    result.WriteString("filename", one.Console.Place ?? one.Label);
                    result.WriteBoolean("frontend-open", true);
                });
                return true;
            default:
                return false;
        }

        void WriteProcessor(int index)
        {
            result.WriteNumber("cpu-index", index);
            result.WriteString("qom-path", $"/machine/unattached/device[{index}]");
            result.WriteNumber("thread-id", Environment.ProcessId);
            result.WriteString("target", "aarch64");
            result.WriteStartObject("props");
            result.WriteNumber("core-id", index);
            result.WriteEndObject();
        }

        void WriteDisk((string Name, string? Device, DiskConfig Disk) one)
        {
            result.WriteString("device", one.Name);
            if (one.Device is not null)
                result.WriteString("qdev", one.Device);
            result.WriteString("type", "unknown");
            result.WriteBoolean("removable", false);
            result.WriteBoolean("locked", false);
            result.WriteStartObject("inserted");
            result.WriteString("file", one.Disk.Path);
            result.WriteBoolean("ro", one.Disk.Mode == DiskMode.ReadOnly);
            result.WriteEndObject();
        }
    }

    private List<(string Label, SerialConsole Console)> Consoles()
    {
        List<(string, SerialConsole)> consoles = [("serial0", machine.Console)];
        if (machine.SecondConsole is { } second)
            consoles.Add(("serial1", second));
        if (machine.VirtioConsole is { } virtio)
            consoles.Add(("virtcon0", virtio));
        for (var i = 0; i < machine.VirtioPorts.Count; i++)
            consoles.Add((string.Create(CultureInfo.InvariantCulture, $"port{i}"), machine.VirtioPorts[i]));
        return consoles;
    }

    private void WriteStatus(Utf8JsonWriter result)
    {
        var state = machine.State;
        result.WriteStartObject();
        result.WriteString("status", state switch { RunState.Running => "running", RunState.Paused => "paused", RunState.Created => "prelaunch", _ => "shutdown" });
        result.WriteBoolean("running", state == RunState.Running);
        result.WriteEndObject();
    }

    private void SetBalloon(QmpArguments arguments)
    {
        if (!machine.Config.HasBalloon)
            throw new QmpException("DeviceNotActive", "No balloon device has been activated");
        if (arguments.Find("value") is not { ValueKind: JsonValueKind.Number } value || !value.TryGetUInt64(out var bytes))
            throw new QmpException("Parameter 'value' expects a size");
        machine.SetGuestMemory(Math.Min(bytes, machine.Config.Memory));
    }

    private int Processor(QmpArguments arguments)
    {
        if (arguments.Find("cpu-index") is not { } index)
            return 0;
        return index.ValueKind == JsonValueKind.Number && index.TryGetInt32(out var number) && number >= 0 && number < machine.Config.Cpus
            ? number
            : throw new QmpException("Parameter 'cpu-index' expects a CPU number");
    }

    private static void WriteList<T>(Utf8JsonWriter result, IEnumerable<T> items, Action<T> write)
    {
        result.WriteStartArray();
        foreach (var item in items)
        {
            result.WriteStartObject();
            write(item);
            result.WriteEndObject();
        }

        result.WriteEndArray();
    }
}
