using System.Buffers.Binary;
using System.Text;

namespace Arm64Vm.Machine.Boot.DeviceTree;

/// <summary>Flattens a device tree.</summary>
internal sealed class FdtWriter
{
    private readonly MemoryStream _structure = new();
    private readonly MemoryStream _strings = new();
    private readonly Dictionary<string, uint> _stringOffsets = [];

    public static byte[] Write(DeviceTreeBlob tree, int spareBytes)
    {
        var writer = new FdtWriter();
        writer.WriteNode(tree.Root);
        writer.WriteCell(FdtFormat.End);
        return writer.Assemble(tree, spareBytes);
    }

    private byte[] Assemble(DeviceTreeBlob tree, int spareBytes)
    {
        // The reservation block is 8-aligned and ends with an all-zero entry.
        var structureAt = FdtFormat.HeaderSize + FdtFormat.ReservationSize * (tree.Reservations.Count + 1);
        var stringsAt = structureAt + (int)_structure.Length;
        var blob = new byte[(stringsAt + (int)_strings.Length + spareBytes + 7) & ~7];
        var header = blob.AsSpan();
        Put(header, 0, FdtFormat.Magic);
        Put(header, FdtFormat.TotalSize, (uint)blob.Length);
        Put(header, FdtFormat.StructOffset, (uint)structureAt);
        Put(header, FdtFormat.StringsOffset, (uint)stringsAt);
        Put(header, FdtFormat.ReservationsOffset, FdtFormat.HeaderSize);
        Put(header, FdtFormat.VersionField, FdtFormat.Version);
        Put(header, FdtFormat.CompatibleField, FdtFormat.OldestCompatible);
        Put(header, FdtFormat.BootCpuField, tree.BootCpu);
        Put(header, FdtFormat.StringsSize, (uint)_strings.Length);
        Put(header, FdtFormat.StructSize, (uint)_structure.Length);
        var at = FdtFormat.HeaderSize;
        foreach (var reservation in tree.Reservations)
        {
            BinaryPrimitives.WriteUInt64BigEndian(blob.AsSpan(at), reservation.Base);
            BinaryPrimitives.WriteUInt64BigEndian(blob.AsSpan(at + 8), reservation.Size);
            at += FdtFormat.ReservationSize;
        }

        _structure.GetBuffer().AsSpan(0, (int)_structure.Length).CopyTo(blob.AsSpan(structureAt));
        _strings.GetBuffer().AsSpan(0, (int)_strings.Length).CopyTo(blob.AsSpan(stringsAt));
        return blob;
    }

    private static void Put(Span<byte> header, int offset, uint value) =>
        BinaryPrimitives.WriteUInt32BigEndian(header[offset..], value);

    private void WriteNode(DeviceTreeNode node)
    {
        WriteCell(FdtFormat.BeginNode);
        _structure.Write(Encoding.UTF8.GetBytes(node.Name));
        _structure.WriteByte(0);
        Align();
        foreach (var (name, value) in node.Properties)
        {
            WriteCell(FdtFormat.Property);
            WriteCell((uint)value.Length);
            WriteCell(StringOffset(name));
            _structure.Write(value);
            Align();
        }

        foreach (var child in node.Children)
            WriteNode(child);
        WriteCell(FdtFormat.EndNode);
    }

    private uint StringOffset(string name)
    {
        if (_stringOffsets.TryGetValue(name, out var offset))
            return offset;
        offset = (uint)_strings.Length;
        _stringOffsets.Add(name, offset);
        _strings.Write(Encoding.UTF8.GetBytes(name));
        _strings.WriteByte(0);
        return offset;
    }

    private void WriteCell(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        _structure.Write(bytes);
    }

    private void Align()
    {
        while ((_structure.Length & 3) != 0)
            _structure.WriteByte(0);
    }
}
