using System.Buffers.Binary;
using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Pci;

/// <summary>The vectors of a function: where each interrupt is written to, and which are pending behind their masks (PCI 3.0, 6.8.2).</summary>
/// <remarks>The function's lock guards it. It lies in a page of its own, the table first, the pending bits in the second half.</remarks>
internal sealed class MsiXTable : IMmioDevice
{
    /// <summary>Bytes of the page.</summary>
    public const ulong Length = 0x1000;

    public const uint PendingOffset = 0x800;

    private const int EntrySize = 16;
    private const int ControlOffset = 12;
    private const uint Masked = 1;

    private readonly Lock _gate;
    private readonly Action<ulong, uint> _send;
    private readonly byte[] _table;
    private readonly byte[] _pending;
    private bool _isEnabled;
    private bool _isMasked;

    /// <param name="gate">The function's.</param>
    /// <param name="count">Vectors, at most 128.</param>
    /// <param name="send">Writes a message.</param>
    public MsiXTable(Lock gate, int count, Action<ulong, uint> send)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, (int)PendingOffset / EntrySize);
        _gate = gate;
        _send = send;
        Count = count;
        _table = new byte[count * EntrySize];
        _pending = new byte[(count + 63) / 64 * 8];
        for (var i = 0; i < count; i++)
            _table[i * EntrySize + ControlOffset] = (byte)Masked;
    }

    public int Count { get; }

    /// <summary>The function's message control bits.</summary>
    public void SetControl(bool enabled, bool masked)
    {
        (_isEnabled, _isMasked) = (enabled, masked);
        SendPending();
    }

    /// <summary>Raises a vector; one that does not exist is none.</summary>
    public void Raise(int vector)
    {
        if (!_isEnabled || (uint)vector >= (uint)Count)
            return;
        _pending[vector / 8] |= (byte)(1 << (vector % 8));
        SendPending(vector);
    }

    /// <inheritdoc/>
    public bool TryRead(ulong offset, int size, out ulong value)
    {
        lock (_gate)
        {
            Span<byte> bytes = stackalloc byte[8];
            bytes.Clear();
            for (var i = 0; i < size; i++)
                bytes[i] = ByteAt(offset + (uint)i);
            value = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            return true;
        }
    }

    /// <summary>Whole words only, as the specification has it; pending bits cannot be written.</summary>
    public bool TryWrite(ulong offset, int size, ulong value)
    {
        if (size < 4 || (offset & 3) != 0)
            return true;
        lock (_gate)
        {
            for (var i = 0; i < size; i += 4, value >>= 32)
            {
                var at = offset + (uint)i;
                if (at >= (ulong)_table.Length)
                    continue;
                var word = (uint)value & (at % EntrySize == ControlOffset ? Masked : uint.MaxValue);
                BinaryPrimitives.WriteUInt32LittleEndian(_table.AsSpan((int)at), word);
                SendPending((int)at / EntrySize);
            }
        }

        return true;
    }

    public (byte[] Table, byte[] Pending) Save() => ([.. _table], [.. _pending]);

    public void Restore(ReadOnlySpan<byte> table, ReadOnlySpan<byte> pending)
    {
        table[..Math.Min(table.Length, _table.Length)].CopyTo(_table);
        pending[..Math.Min(pending.Length, _pending.Length)].CopyTo(_pending);
    }

    private byte ByteAt(ulong offset)
    {
        if (offset < (ulong)_table.Length)
            return _table[(int)offset];
        return offset - PendingOffset < (ulong)_pending.Length ? _pending[(int)(offset - PendingOffset)] : (byte)0;
    }

    private void SendPending()
    {
        for (var vector = 0; vector < Count; vector++)
            SendPending(vector);
    }

    private void SendPending(int vector)
    {
        var bit = (byte)(1 << (vector % 8));
        var entry = _table.AsSpan(vector * EntrySize, EntrySize);
        if ((_pending[vector / 8] & bit) == 0 || !_isEnabled || _isMasked || (entry[ControlOffset] & Masked) != 0)
            return;
        _pending[vector / 8] &= (byte)~bit;
        _send(BinaryPrimitives.ReadUInt64LittleEndian(entry), BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]));
    }
}
