using Arm64Vm.Devices.FwCfg;

namespace Arm64Vm.Machine.Smbios;

/// <summary>SMBIOS 3.0 as files for firmware.</summary>
/// <param name="Anchor">The entry point without the tables' address, which firmware fills in.</param>
/// <param name="Tables">All structures.</param>
internal sealed record SmbiosFiles(byte[] Anchor, byte[] Tables)
{
    public const string AnchorName = "etc/smbios/smbios-anchor";
    public const string TablesName = "etc/smbios/smbios-tables";

    public static SmbiosFiles Create(SmbiosMachine machine)
    {
        var tables = SmbiosTables.Make(machine).ToArray();
        return new SmbiosFiles(SmbiosEntryPoint.Make(tables.Length), tables);
    }

    /// <summary>Offers them to firmware.</summary>
    public void AddTo(FwCfgItems items)
    {
        items.AddFile(AnchorName, Anchor);
        items.AddFile(TablesName, Tables);
    }
}
