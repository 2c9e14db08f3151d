using System.Buffers.Binary;
using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.FwCfg;

/// <summary>The firmware configuration device: a selector, a data window and DMA (fw_cfg specification, MMIO variant).</summary>
/// <remarks>Registers are big-endian. Reads beyond an item, or of a key without one, return zeros.</remarks>
internal sealed class FwCfgDevice : IMmioDevice, IStateful<FwCfgState>
{
    /// <summary>Bytes of the register window.</summary>
    public const ulong Length = 0x18;

    private const ulong Selector = 0x08;
    private const ulong Dma = 0x10;

    /// <summary>What the DMA register reads, to tell the guest that it is there: "QEMU CFG".</summary>
    private const ulong DmaSignature = 0x5145_4D55_2043_4647;

    private const uint ControlError = 1 << 0;
    private const uint ControlRead = 1 << 1;
    private const uint ControlSkip = 1 << 2;
    private const uint ControlSelect = 1 << 3;
    private const uint ControlWrite = 1 << 4;
    private const int DescriptorSize = 16;
    private const int ZeroChunk = 4096;

    private readonly Lock _gate = new();
    private readonly IReadOnlyDictionary<ushort, FwCfgItem> _items;
    private readonly IGuestMemory _memory;
    private readonly ILogSink? _log;
    private ushort _selector;
    private FwCfgItem? _item;
    private uint _position;
    private uint _dmaAddressHigh;

    public FwCfgDevice(FwCfgItems items, IGuestMemory memory, ILogSink? log = null)
    {
        _items = items.Seal();
        _memory = memory;
        _log = log;
        Select(0);
    }

    /// <inheritdoc/>
    public bool TryRead(ulong offset, int size, out ulong value)
    {
        value = 0;
        if (size is not (1 or 2 or 4 or 8) || offset >= Length || (ulong)size > Length - offset)
            return false;
        lock (_gate)
        {
            if (offset < Selector)
            {
                // Any width reads the next bytes in memory order.
                for (var i = 0; i < size; i++)
                    value |= (ulong)ReadByte() << (8 * i);
                return true;
            }

            if (offset < Dma)
                return true;
            var shift = 8 * (int)(offset - Dma);
            var swapped = BinaryPrimitives.ReverseEndianness(DmaSignature) >> shift;
            value = size == 8 ? swapped : swapped & ((1ul << (8 * size)) - 1);
            return true;
        }
    }

    /// <inheritdoc/>
    public bool TryWrite(ulong offset, int size, ulong value)
    {
        lock (_gate)
        {
            switch (offset, size)
            {
                case (Selector, 2):
                    Select(BinaryPrimitives.ReverseEndianness((ushort)value));
                    return true;
                case (Dma, 8):
                    RunDma(BinaryPrimitives.ReverseEndianness(value));
                    return true;
                case (Dma, 4):
                    _dmaAddressHigh = BinaryPrimitives.ReverseEndianness((uint)value);
                    return true;
                case (Dma + 4, 4):
                    RunDma(((ulong)_dmaAddressHigh << 32) | BinaryPrimitives.ReverseEndianness((uint)value));
                    return true;
                case ( < Selector, 1 or 2 or 4 or 8):
                    // Data writes were withdrawn from the interface; the guest gets no error.
                    return true;
                default:
                    return false;
            }
        }
    }

    /// <inheritdoc/>
    public FwCfgState Save()
    {
        lock (_gate)
        {
            var writable = new Dictionary<ushort, byte[]>();
            foreach (var (key, item) in _items)
            {
                if (item.Writable is { } buffer)
                    writable[key] = (byte[])buffer.Clone();
            }

            return new FwCfgState
            {
                Selector = _selector,
                Position = _position,
                DmaAddressHigh = _dmaAddressHigh,
                WritableItems = writable,
            };
        }
    }

    /// <inheritdoc/>
    public void Restore(FwCfgState state)
    {
        lock (_gate)
        {
            Select(state.Selector);
            _position = state.Position;
            _dmaAddressHigh = state.DmaAddressHigh;
            foreach (var (key, contents) in state.WritableItems)
            {
                if (_items.TryGetValue(key, out var item) && item.Writable is { } buffer)
                    contents.AsSpan(0, Math.Min(contents.Length, buffer.Length)).CopyTo(buffer);
            }
        }
    }

    private void Select(ushort key)
    {
        _selector = key;
        _position = 0;
        _item = _items.GetValueOrDefault(key);
    }

    private byte ReadByte()
    {
        if (_item is null || _position >= (uint)_item.Data.Length)
            return 0;
        return _item.Data.Span[(int)_position++];
    }

    private void RunDma(ulong descriptorAddress)
    {
        _dmaAddressHigh = 0;
        Span<byte> descriptor = stackalloc byte[DescriptorSize];
        if (!_memory.TryRead(descriptorAddress, descriptor))
        {
            LogError($"DMA descriptor at 0x{descriptorAddress:x} is not in RAM");
            return;
        }

        var control = BinaryPrimitives.ReadUInt32BigEndian(descriptor);
        var length = BinaryPrimitives.ReadUInt32BigEndian(descriptor[4..]);
        var address = BinaryPrimitives.ReadUInt64BigEndian(descriptor[8..]);
        if ((control & ControlSelect) != 0)
            Select((ushort)(control >> 16));

        bool done;
        if ((control & ControlRead) != 0)
            done = TransferOut(address, length);
        else if ((control & ControlWrite) != 0)
            done = TransferIn(address, length);
        else
        {
            done = true;
            if ((control & ControlSkip) != 0)
                Advance(length);
        }

        if (!done)
            LogError($"DMA of 0x{length:x} bytes at 0x{address:x} for key 0x{_selector:x} failed");
        BinaryPrimitives.WriteUInt32BigEndian(descriptor, done ? 0 : ControlError);
        _memory.TryWrite(descriptorAddress, descriptor[..4]);
    }

    private uint Available => _item is null || _position >= (uint)_item.Data.Length ? 0 : (uint)_item.Data.Length - _position;

    private void Advance(uint length) => _position += Math.Min(length, Available);

    private bool TransferOut(ulong address, uint length)
    {
        var present = Math.Min(length, Available);
        if (present > 0)
        {
            if (!_memory.TryWrite(address, _item!.Data.Span.Slice((int)_position, (int)present)))
                return false;
            _position += present;
        }

        Span<byte> zeros = stackalloc byte[ZeroChunk];
        zeros.Clear();
        for (ulong done = present; done < length;)
        {
            var chunk = (int)Math.Min(ZeroChunk, length - done);
            if (!_memory.TryWrite(address + done, zeros[..chunk]))
                return false;
            done += (ulong)chunk;
        }

        return true;
    }

    private bool TransferIn(ulong address, uint length)
    {
        if (_item?.Writable is not { } buffer || length > Available)
            return false;
        if (!_memory.TryRead(address, buffer.AsSpan((int)_position, (int)length)))
            return false;
        _position += length;
        _item.Written?.Invoke();
        return true;
    }

    private void LogError(string what)
    {
        if (_log is not null && _log.IsEnabled(LogCategories.Guest))
            _log.Write(LogCategories.Guest, "fw_cfg: " + what);
    }
}
