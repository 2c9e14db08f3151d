using System.Buffers.Binary;
using System.Text;
using Arm64Vm.Machine.Acpi;

namespace Arm64Vm.Machine.Tests.Acpi;

/// <summary>What firmware makes of the files: both loaded at addresses, and the script carried out.</summary>
internal sealed class LinkedTables
{
    private readonly Dictionary<string, (byte[] Bytes, ulong Address)> _files;

    public LinkedTables(AcpiFiles files, ulong tablesAt, ulong rootAt)
    {
        _files = new()
        {
            [AcpiFiles.TablesName] = ((byte[])files.Tables.Clone(), tablesAt),
            [AcpiFiles.RootPointerName] = ((byte[])files.RootPointer.Clone(), rootAt),
        };
        foreach (var command in files.Loader.Chunk(TableLoader.CommandLength))
            Run(command);
    }

    public byte[] Root => _files[AcpiFiles.RootPointerName].Bytes;

    /// <summary>The table at an address, as long as its header says.</summary>
    public byte[] TableAt(ulong address)
    {
        var (bytes, start) = _files[AcpiFiles.TablesName];
        var offset = checked((int)(address - start));
        return bytes.AsSpan(offset, BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(offset + 4))).ToArray();
    }

    private void Run(byte[] command)
    {
        switch (BinaryPrimitives.ReadUInt32LittleEndian(command))
        {
            case 1: // allocate
                Assert.True(_files.ContainsKey(Text(command, 4)));
                break;
            case 2: // add pointer
                Assert.Equal(8, command[120]);
                var field = _files[Text(command, 4)].Bytes.AsSpan(Number(command, 116), 8);
                var target = _files[Text(command, 60)];
                var offset = BinaryPrimitives.ReadUInt64LittleEndian(field);
                Assert.True(offset < (ulong)target.Bytes.Length);
                BinaryPrimitives.WriteUInt64LittleEndian(field, offset + target.Address);
                break;
            case 3: // add checksum
                var bytes = _files[Text(command, 4)].Bytes;
                var result = Number(command, 60);
                Assert.Equal(0, bytes[result]);
                byte sum = 0;
                foreach (var value in bytes.AsSpan(Number(command, 64), Number(command, 68)))
                    sum += value;
                bytes[result] = (byte)-sum;
                break;
            default:
                Assert.Fail("unknown command");
                break;
        }
    }

    private static string Text(byte[] command, int offset) => Encoding.ASCII.GetString(command, offset, 56).TrimEnd('\0');

    private static int Number(byte[] command, int offset) => BinaryPrimitives.ReadInt32LittleEndian(command.AsSpan(offset));
}
