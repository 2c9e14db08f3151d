using System.Globalization;
using System.Text;
using Arm64Vm.Machine.Board;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Debugging.Monitor;

/// <summary>Address spaces and interrupts as text.</summary>
internal static class MapText
{
    private const int MostMappings = 2000;

    /// <summary>What the tables of a processor map.</summary>
    public static string Mappings(VirtMachineBoard board, int processor)
    {
        if (board.Vcpus[processor].ListMappings(MostMappings) is not { } list)
            return "translation is off: addresses are physical\n";
        var text = new StringBuilder("virtual                             length            physical          EL1EL0\n");
        foreach (var one in list.Found)
            text.Append(CultureInfo.InvariantCulture, $"{one.Start:x16}-{one.Start + one.Length - 1:x16} {one.Length:x16}  {one.Physical:x16}  {one.Rights}\n");
        if (list.IsCut)
            text.Append("… and more\n");
        return text.ToString();
    }

    /// <summary>RAM, flash and devices.</summary>
    public static string Tree(VirtualMachine machine)
    {
        var lines = new List<(Region Region, string Name)>();
        machine.Describe(board =>
        {
            lines.Add((new Region(MemoryMap.RamBase, machine.Config.Memory), "ram"));
            lines.AddRange(board.Bus.Devices);
        });
        var text = new StringBuilder("address-space: memory\n");
        foreach (var (region, name) in lines.OrderBy(line => line.Region.Base))
            text.Append(CultureInfo.InvariantCulture, $"  {region.Base:x16}-{region.End - 1:x16}: {name}\n");
        return text.ToString();
    }

    /// <summary>For each processor, and what it took.</summary>
    public static string Interrupts(VirtMachineBoard board)
    {
        var text = new StringBuilder();
        foreach (var vcpu in board.Vcpus)
        {
            text.Append(CultureInfo.InvariantCulture, $"CPU#{vcpu.Index}: {vcpu.InterruptsTaken} interrupts taken\n");
            foreach (var (id, state) in board.Interrupts.List(vcpu.Index))
            {
                // Shared ones once.
                if (id < BoardInterrupts.FirstSpi || vcpu.Index == 0)
                    text.Append(CultureInfo.InvariantCulture, $"  {id,4}: {state}\n");
            }
        }

        return text.ToString();
    }
}
