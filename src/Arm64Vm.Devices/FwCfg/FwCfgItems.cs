using System.Buffers.Binary;
using System.Text;

namespace Arm64Vm.Devices.FwCfg;

/// <summary>One item behind a key: read-only bytes, or a buffer that the guest may write through DMA.</summary>
internal sealed class FwCfgItem(ReadOnlyMemory<byte> data, byte[]? writable, Action? written)
{
    public ReadOnlyMemory<byte> Data { get; } = data;

    public byte[]? Writable { get; } = writable;

    public Action? Written { get; } = written;
}

/// <summary>The items that firmware finds: fixed keys and named files. Filled by the machine before it starts.</summary>
internal sealed class FwCfgItems
{
    private const int NameSize = 56;
    private const int EntrySize = 64;

    private readonly Dictionary<ushort, FwCfgItem> _items = [];
    private readonly SortedDictionary<string, FwCfgItem> _files = new(StringComparer.Ordinal);
    private bool _sealed;

    public FwCfgItems()
    {
        Set(FwCfgKeys.Signature, "QEMU"u8.ToArray());
        // Bit 0: the selector and data registers; bit 1: the DMA interface.
        Set(FwCfgKeys.Id, 3u);
    }

    /// <summary>Sets the bytes of a fixed key.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The key belongs to files.</exception>
    public void Set(ushort key, ReadOnlyMemory<byte> data)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(key, FwCfgKeys.FirstFile);
        ThrowIfSealed();
        _items[key] = new FwCfgItem(data, null, null);
    }

    /// <summary>Sets a fixed key to a little-endian 16-bit number.</summary>
    public void Set(ushort key, ushort value)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, value);
        Set(key, bytes);
    }

    /// <summary>Sets a fixed key to a little-endian 32-bit number.</summary>
    public void Set(ushort key, uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        Set(key, bytes);
    }

    /// <summary>Sets a fixed key to a little-endian 64-bit number.</summary>
    public void Set(ushort key, ulong value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        Set(key, bytes);
    }

    /// <summary>Adds or replaces a file, for example <c>etc/smbios/smbios-tables</c>.</summary>
    /// <exception cref="ArgumentException">The name is empty, not ASCII or longer than 55 characters.</exception>
    public void AddFile(string name, ReadOnlyMemory<byte> data) => AddFile(name, new FwCfgItem(data, null, null));

    /// <summary>Adds or replaces a file that the guest may write through DMA.</summary>
    /// <param name="name">As for <see cref="AddFile(string, ReadOnlyMemory{byte})"/>.</param>
    /// <param name="buffer">The contents; the guest's writes go here.</param>
    /// <param name="written">Called after each write on the vCPU's thread.</param>
    public void AddWritableFile(string name, byte[] buffer, Action? written = null) =>
        AddFile(name, new FwCfgItem(buffer, buffer, written));

    /// <summary>Gives files their keys, by name, and writes the directory. Items cannot change afterwards.</summary>
    internal IReadOnlyDictionary<ushort, FwCfgItem> Seal()
    {
        if (_sealed)
            return _items;
        var directory = new byte[4 + EntrySize * _files.Count];
        BinaryPrimitives.WriteUInt32BigEndian(directory, (uint)_files.Count);
        var key = FwCfgKeys.FirstFile;
        var entry = directory.AsSpan(4);
        foreach (var (name, item) in _files)
        {
            BinaryPrimitives.WriteUInt32BigEndian(entry, (uint)item.Data.Length);
            BinaryPrimitives.WriteUInt16BigEndian(entry[4..], key);
            Encoding.ASCII.GetBytes(name, entry.Slice(8, NameSize));
            _items[key++] = item;
            entry = entry[EntrySize..];
        }

        Set(FwCfgKeys.FileDirectory, directory);
        _sealed = true;
        return _items;
    }

    private void AddFile(string name, FwCfgItem item)
    {
        ThrowIfSealed();
        if (name.Length is 0 or >= NameSize || !Ascii.IsValid(name))
            throw new ArgumentException($"A fw_cfg file name has 1 to {NameSize - 1} ASCII characters.", nameof(name));
        _files[name] = item;
    }

    private void ThrowIfSealed()
    {
        if (_sealed)
            throw new InvalidOperationException("The machine has its fw_cfg items already.");
    }
}
