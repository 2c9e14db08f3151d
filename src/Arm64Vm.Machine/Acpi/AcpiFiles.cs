using Arm64Vm.Devices.FwCfg;
using Arm64Vm.Machine.Acpi.Aml;
using Arm64Vm.Machine.Boot;
using Arm64Vm.Machine.Boot.DeviceTree;

namespace Arm64Vm.Machine.Acpi;

/// <summary>The ACPI tables of a board as files for firmware, with the script that links them.</summary>
/// <param name="Tables">All tables one after the other.</param>
/// <param name="RootPointer">The RSDP.</param>
/// <param name="Loader">The script, see <see cref="TableLoader"/>.</param>
internal sealed record AcpiFiles(byte[] Tables, byte[] RootPointer, byte[] Loader)
{
    public const string TablesName = "etc/acpi/tables";
    public const string RootPointerName = "etc/acpi/rsdp";
    public const string LoaderName = "etc/table-loader";

    /// <summary>Firmware may run tables where they are; the strictest table wants this.</summary>
    private const uint FileAlignment = 64;

    private const int TableAlignment = 16;
    private const int PointerSize = 8;

    /// <summary>Makes the tables of a board; what is in them, <see cref="VirtBoard"/> says to the device tree as well.</summary>
    public static AcpiFiles Create(VirtBoard board)
    {
        var tables = new LittleEndianWriter();
        var loader = new TableLoader()
            .AddAllocation(TablesName, FileAlignment, LoaderZone.High)
            .AddAllocation(RootPointerName, TableAlignment, LoaderZone.RootSearchArea);

        var dsdt = Add(Dsdt.Make(board));
        List<int> roots =
        [
            Add(Fadt.Make(board, dsdt), Fadt.DsdtPointerOffset),
            Add(Madt.Make(board)),
            Add(Pptt.Make(board)),
            Add(Gtdt.Make(board)),
            Add(Mcfg.Make(board)),
            Add(Spcr.Make()),
            Add(Dbg2.Make()),
            Add(Iort.Make(board)),
        ];
        if (board.Tpm is { } tpm)
            roots.Add(Add(Tpm2.Make(tpm)));
        var entries = new LittleEndianWriter();
        foreach (var table in roots)
            entries.QWord((uint)table);
        var xsdt = Add(AcpiTable.Make("XSDT", 1, entries), [.. roots.Select((_, i) => AcpiTable.HeaderLength + PointerSize * i)]);

        var root = Acpi.RootPointer.Make(xsdt);
        loader.AddPointerTo(RootPointerName, Acpi.RootPointer.XsdtOffset, PointerSize, TablesName)
            .AddChecksumOf(RootPointerName, Acpi.RootPointer.ChecksumOffset, 0, Acpi.RootPointer.ChecksumLength)
            .AddChecksumOf(RootPointerName, Acpi.RootPointer.ExtendedChecksumOffset, 0, Acpi.RootPointer.Length);
        return new AcpiFiles(tables.ToArray(), root, loader.ToArray());

        // Pointers are patched first, because they count for the sum.
        int Add(byte[] table, params ReadOnlySpan<int> pointers)
        {
            var offset = tables.Align(TableAlignment).Length;
            tables.Bytes(table);
            foreach (var pointer in pointers)
                loader.AddPointerTo(TablesName, offset + pointer, PointerSize, TablesName);
            loader.AddChecksumOf(TablesName, offset + AcpiTable.ChecksumOffset, offset, table.Length);
            return offset;
        }
    }

    /// <summary>Offers them to firmware.</summary>
    public void AddTo(FwCfgItems items)
    {
        items.AddFile(TablesName, Tables);
        items.AddFile(RootPointerName, RootPointer);
        items.AddFile(LoaderName, Loader);
    }
}
