using System.Buffers.Binary;
using System.Text;

namespace Arm64Vm.Machine.Boot.DeviceTree;

/// <summary>A node of a device tree: named properties of raw bytes, and children, in order.</summary>
internal sealed class DeviceTreeNode(string name)
{
    private readonly List<KeyValuePair<string, byte[]>> _properties = [];
    private readonly List<DeviceTreeNode> _children = [];

    /// <summary>With its unit address, for example <c>pl011@9000000</c>; empty for the root.</summary>
    public string Name { get; } = name;

    public IReadOnlyList<KeyValuePair<string, byte[]>> Properties => _properties;

    public IReadOnlyList<DeviceTreeNode> Children => _children;

    /// <summary>The child of that exact name, or null.</summary>
    public DeviceTreeNode? FindChild(string childName) => _children.Find(child => child.Name == childName);

    /// <summary>The bytes of a property, or null.</summary>
    public byte[]? FindProperty(string propertyName)
    {
        foreach (var (key, value) in _properties)
        {
            if (key == propertyName)
                return value;
        }

        return null;
    }

    /// <summary>A property of one 32-bit cell, or null when it is absent or has another size.</summary>
    public uint? FindCell(string propertyName) =>
        FindProperty(propertyName) is { Length: 4 } bytes ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : null;

    /// <summary>Appends a new child.</summary>
    public DeviceTreeNode AddChild(string childName)
    {
        var child = new DeviceTreeNode(childName);
        _children.Add(child);
        return child;
    }

    /// <summary>Removes the children for which <paramref name="match"/> holds.</summary>
    public void RemoveChildren(Predicate<DeviceTreeNode> match) => _children.RemoveAll(match);

    /// <summary>Removes a property if it is there.</summary>
    public void RemoveProperty(string propertyName) => _properties.RemoveAll(property => property.Key == propertyName);

    /// <summary>Adds a property that is known to be new, or a duplicate as a foreign tree has it.</summary>
    internal void Append(string propertyName, ReadOnlySpan<byte> value) =>
        _properties.Add(KeyValuePair.Create(propertyName, value.ToArray()));

    /// <summary>Adds or replaces a property; an empty one means true.</summary>
    public DeviceTreeNode Set(string propertyName, ReadOnlySpan<byte> value)
    {
        var property = KeyValuePair.Create(propertyName, value.ToArray());
        var at = _properties.FindIndex(existing => existing.Key == propertyName);
        if (at < 0)
            _properties.Add(property);
        else
            _properties[at] = property;
        return this;
    }

    /// <summary>Adds or replaces a property without a value.</summary>
    public DeviceTreeNode SetFlag(string propertyName) => Set(propertyName, ReadOnlySpan<byte>.Empty);

    /// <summary>Adds or replaces a property of 32-bit cells.</summary>
    public DeviceTreeNode SetCells(string propertyName, params ReadOnlySpan<uint> cells)
    {
        var bytes = new byte[4 * cells.Length];
        for (var i = 0; i < cells.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4 * i), cells[i]);
        return Set(propertyName, bytes);
    }

    /// <summary>Adds or replaces a property of 64-bit numbers, two cells each.</summary>
    public DeviceTreeNode SetNumbers(string propertyName, params ReadOnlySpan<ulong> numbers)
    {
        var bytes = new byte[8 * numbers.Length];
        for (var i = 0; i < numbers.Length; i++)
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8 * i), numbers[i]);
        return Set(propertyName, bytes);
    }

    /// <summary>Adds or replaces a property of strings, each ended by a zero byte.</summary>
    public DeviceTreeNode SetStrings(string propertyName, params ReadOnlySpan<string> strings)
    {
        var text = string.Concat(string.Join('\0', strings), "\0");
        return Set(propertyName, Encoding.UTF8.GetBytes(text));
    }
}
