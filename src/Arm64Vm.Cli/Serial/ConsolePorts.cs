using Arm64Vm.Cli.Files;
using Arm64Vm.Machine;

namespace Arm64Vm.Cli.Serial;

/// <summary>The consoles of a machine, one of which may have the process's standard streams.</summary>
internal sealed class ConsolePorts : IDisposable
{
    private readonly ConsolePort _second;
    private readonly ConsolePort _virtio;
    private readonly IReadOnlyList<(string Name, ConsolePort Port)> _named;

    /// <param name="serial">The first serial console.</param>
    /// <param name="second">The second one.</param>
    /// <param name="virtio">The virtio console.</param>
    /// <param name="named">Byte streams for agents, by their names.</param>
    /// <exception cref="CliException">Two are on the standard streams.</exception>
    public ConsolePorts(ConsolePort serial, ConsolePort second, ConsolePort virtio, IReadOnlyList<(string Name, ConsolePort Port)> named)
    {
        (Serial, _second, _virtio, _named) = (serial, second, virtio, named);
        if (All.Where(port => port.UsesStdio).ToList() is [var first, var other, ..])
            throw CliException.Usage($"{other.Option}: {(first == serial ? "the serial console" : first.Option)} is on stdio; say {first.Option} none or file:PATH");
    }

    public ConsolePort Serial { get; }

    public IReadOnlyList<ConsolePort> All => [Serial, _second, _virtio, .. _named.Select(one => one.Port)];

    public MachineConfig Configure(MachineConfig config) => config with
    {
        SerialOutput = Serial.Output,
        HasSecondSerial = _second.IsUsed,
        SecondSerialOutput = _second.Output,
        HasVirtioConsole = _virtio.IsUsed,
        VirtioConsoleOutput = _virtio.Output,
        VirtioPorts = [.. _named.Select(one => new VirtioPortConfig(one.Name, one.Port.Output))],
    };

    /// <summary>Tells of the files that are written.</summary>
    public void AddTo(FileUses uses)
    {
        foreach (var port in All)
        {
            foreach (var file in port.FileNames)
                uses.Writes(port.Option, file);
        }
    }

    public void Dispose()
    {
        foreach (var port in All)
            port.Dispose();
    }
}
