using System.Buffers.Binary;
using System.Text;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Boot.DeviceTree;

/// <summary>Reads a flattened tree, trusting nothing in it.</summary>
internal ref struct FdtReader
{
    private const int MaximumDepth = 64;

    private readonly ReadOnlySpan<byte> _structure;
    private readonly ReadOnlySpan<byte> _strings;
    private int _at;

    private FdtReader(ReadOnlySpan<byte> structure, ReadOnlySpan<byte> strings)
    {
        _structure = structure;
        _strings = strings;
    }

    public static DeviceTreeBlob Read(ReadOnlySpan<byte> blob)
    {
        if (blob.Length < FdtFormat.HeaderSize || Field(blob, 0) != FdtFormat.Magic)
            throw new BootImageException("The device tree does not begin with the magic number of a flattened device tree.");
        var total = Field(blob, FdtFormat.TotalSize);
        if (total > (uint)blob.Length || total < FdtFormat.HeaderSize)
            throw new BootImageException($"The device tree says it has {total} bytes, but the file has {blob.Length}.");
        blob = blob[..(int)total];
        var version = Field(blob, FdtFormat.VersionField);
        if (version < FdtFormat.OldestCompatible || Field(blob, FdtFormat.CompatibleField) > FdtFormat.Version)
            throw new BootImageException($"The device tree has version {version}, which is not supported.");

        var structureAt = Field(blob, FdtFormat.StructOffset);
        var structureSize = version >= 17 ? Field(blob, FdtFormat.StructSize) : total - Math.Min(total, structureAt);
        var reader = new FdtReader(
            Part(blob, structureAt, structureSize, "structure"),
            Part(blob, Field(blob, FdtFormat.StringsOffset), Field(blob, FdtFormat.StringsSize), "strings"));
        var tree = new DeviceTreeBlob { BootCpu = Field(blob, FdtFormat.BootCpuField) };
        ReadReservations(blob, tree);
        reader.ReadTree(tree);
        return tree;
    }

    private static uint Field(ReadOnlySpan<byte> blob, int offset) => BinaryPrimitives.ReadUInt32BigEndian(blob[offset..]);

    private static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> blob, uint offset, uint size, string name)
    {
        if (offset > (uint)blob.Length || size > (uint)blob.Length - offset)
            throw new BootImageException($"The {name} block of the device tree lies outside the file.");
        return blob.Slice((int)offset, (int)size);
    }

    private static void ReadReservations(ReadOnlySpan<byte> blob, DeviceTreeBlob tree)
    {
        var offset = (ulong)Field(blob, FdtFormat.ReservationsOffset);
        while (true)
        {
            if (offset + FdtFormat.ReservationSize > (ulong)blob.Length)
                throw new BootImageException("The memory reservations of the device tree do not end.");
            var address = BinaryPrimitives.ReadUInt64BigEndian(blob[(int)offset..]);
            var size = BinaryPrimitives.ReadUInt64BigEndian(blob[(int)(offset + 8)..]);
            if (address == 0 && size == 0)
                return;
            tree.Reservations.Add(new Region(address, size));
            offset += FdtFormat.ReservationSize;
        }
    }

    private void ReadTree(DeviceTreeBlob tree)
    {
        var open = new Stack<DeviceTreeNode>();
        var finished = false;
        while (true)
        {
            switch (ReadCell())
            {
                case FdtFormat.Nop:
                    break;
                case FdtFormat.BeginNode:
                    var name = ReadName();
                    if (finished || open.Count >= MaximumDepth)
                        throw new BootImageException("The device tree has more than one root, or is nested too deeply.");
                    open.Push(open.Count == 0 ? tree.Root : open.Peek().AddChild(name));
                    break;
                case FdtFormat.EndNode:
                    if (open.Count == 0)
                        throw new BootImageException("The device tree ends a node that it did not begin.");
                    open.Pop();
                    finished = open.Count == 0;
                    break;
                case FdtFormat.Property:
                    if (open.Count == 0)
                        throw new BootImageException("The device tree has a property outside a node.");
                    ReadProperty(open.Peek());
                    break;
                case FdtFormat.End:
                    if (!finished)
                        throw new BootImageException("The device tree ends inside a node.");
                    return;
                default:
                    throw new BootImageException("The device tree has an unknown token.");
            }
        }
    }

    private void ReadProperty(DeviceTreeNode node)
    {
        var size = ReadCell();
        var nameAt = ReadCell();
        if (size > (uint)(_structure.Length - _at))
            throw Truncated();
        if (nameAt >= (uint)_strings.Length || _strings[(int)nameAt..].IndexOf((byte)0) is not (>= 0 and var length))
            throw new BootImageException("A property name of the device tree lies outside its strings block.");
        node.Append(Encoding.UTF8.GetString(_strings.Slice((int)nameAt, length)), _structure.Slice(_at, (int)size));
        Skip((int)size);
    }

    private string ReadName()
    {
        var length = _structure[_at..].IndexOf((byte)0);
        if (length < 0)
            throw Truncated();
        var name = Encoding.UTF8.GetString(_structure.Slice(_at, length));
        Skip(length + 1);
        return name;
    }

    private uint ReadCell()
    {
        if (_structure.Length - _at < 4)
            throw Truncated();
        var cell = BinaryPrimitives.ReadUInt32BigEndian(_structure[_at..]);
        _at += 4;
        return cell;
    }

    /// <summary>Tokens are 4-aligned; the padding of the last one may be missing.</summary>
    private void Skip(int bytes) => _at = Math.Min((_at + bytes + 3) & ~3, _structure.Length);

    private static BootImageException Truncated() => new("The device tree is truncated.");
}
