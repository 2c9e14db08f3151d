using System.Text;

namespace Arm64Vm.Machine.Board;

/// <summary>What firmware is told to boot from, so that it does not wait for servers on a network that nobody asked it to boot from.</summary>
internal static class BootOrder
{
    /// <summary>Files for fw_cfg; there are some where they make a difference: the machine has a network.</summary>
    public static IEnumerable<(string Name, byte[] Contents)> Files(MachineConfig config)
    {
        if (config.Networks.Count == 0)
            yield break;
        var places = VirtioPlaces.Assign(config);
        var disks = places.Disks.Select(place => place.FirmwarePath("scsi", "disk@0,0"));
        var networks = places.Networks.Where((_, i) => config.Networks[i].IsBootable).Select(place => place.FirmwarePath("ethernet", "ethernet-phy@0")).ToList();

        // EDK2 drops devices of the board that are not in the list from its boot order.
        string[] lines = [.. disks, .. networks];
        if (lines.Length > 0)
            yield return ("bootorder", Encoding.ASCII.GetBytes(string.Join('\n', lines) + "\n\0"));
        if (networks.Count > 0)
            yield break;

        // EDK2's own switches: without IP there is nothing to boot from.
        yield return ("opt/org.tianocore/IPv4Support", "no"u8.ToArray());
        yield return ("opt/org.tianocore/IPv6Support", "no"u8.ToArray());
    }
}
