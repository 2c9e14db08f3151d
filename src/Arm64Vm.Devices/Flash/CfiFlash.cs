using System.Buffers.Binary;
using System.Numerics;
using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Flash;

/// <summary>One bank of NOR flash: two 16-bit chips side by side on a 32-bit bus, Intel command set 0001 (JESD68.01, Intel P30).</summary>
/// <remarks>
/// Both chips get the same commands, so one state machine stands for both and reads show its answer in each half word.
/// Operations finish at once. While the bank is in read-array mode its contents can be mapped for the guest as ROM;
/// <see cref="ReadArrayModeChanged"/> says when.
/// </remarks>
internal sealed partial class CfiFlash : IMmioDevice, IStateful<CfiFlashState>
{
    private const int BankWidth = 4;
    private const uint ChipCount = 2;
    private const int BufferSize = (1 << CfiQueryTable.WriteBufferLog2) * (int)ChipCount;

    private const byte StatusReady = 0x80;
    private const byte StatusEraseError = 0x20;
    private const byte StatusProgramError = 0x10;
    private const byte StatusProtected = 0x02;

    private readonly Lock _gate = new();
    private readonly Memory<byte> _contents;
    private readonly uint _size;
    private readonly uint _sectorSize;
    private readonly bool _readOnly;
    private readonly IFlashStore? _store;
    private readonly ILogSink? _log;
    private readonly byte[] _query;
    private readonly byte[] _locked;
    private readonly byte[] _buffer = new byte[BufferSize];
    private readonly byte[] _written = new byte[BufferSize / 8];
    private byte[]? _erasedSector;

    private FlashMode _mode = FlashMode.Array;
    private byte _command;
    private byte _status = StatusReady;
    private uint _commandOffset;
    private bool _bufferCounted;
    private uint _bufferWordsLeft;

    /// <param name="contents">The bank's memory, owned by the caller; its length is the bank's size, a power of two.</param>
    /// <param name="sectorSize">Bytes that one erase clears, a power of two.</param>
    /// <param name="readOnly">Program and erase fail with a status error.</param>
    /// <param name="store">Keeps what is programmed and erased; null: nothing does.</param>
    /// <param name="log">Gets unknown commands.</param>
    /// <exception cref="ArgumentException">The sizes are not powers of two, or do not divide.</exception>
    public CfiFlash(Memory<byte> contents, uint sectorSize = 256 * 1024, bool readOnly = false, IFlashStore? store = null, ILogSink? log = null)
    {
        var size = (uint)contents.Length;
        if (!BitOperations.IsPow2(size) || !BitOperations.IsPow2(sectorSize) || sectorSize < BufferSize || size < sectorSize)
            throw new ArgumentException("Flash size and sector size must be powers of two, and a sector at least 4 KiB.");
        _contents = contents;
        _size = size;
        _sectorSize = sectorSize;
        _readOnly = readOnly;
        _store = store;
        _log = log;
        _query = CfiQueryTable.Build(size / ChipCount, sectorSize / ChipCount);
        _locked = new byte[(size / sectorSize + 7) / 8];
    }

    /// <summary>Raised on the vCPU's thread when reads begin (true) or cease to return the contents.</summary>
    public event Action<bool>? ReadArrayModeChanged;

    /// <summary>Raised on the vCPU's thread after bytes changed: offset and length. Translations of them are stale.</summary>
    public event Action<uint, uint>? ContentsChanged;

    /// <summary>What the bank holds.</summary>
    public ReadOnlyMemory<byte> Contents => _contents;

    /// <summary>True while reads return <see cref="Contents"/>.</summary>
    public bool IsInReadArrayMode
    {
        get
        {
            lock (_gate)
                return _mode == FlashMode.Array;
        }
    }

    /// <inheritdoc/>
    public bool TryRead(ulong offset, int size, out ulong value)
    {
        value = 0;
        if (!IsAccepted(offset, size))
            return false;
        lock (_gate)
        {
            if (_mode == FlashMode.Array)
            {
                Span<byte> bytes = stackalloc byte[8];
                bytes.Clear();
                _contents.Span.Slice((int)offset, size).CopyTo(bytes);
                value = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
                return true;
            }

            for (var done = 0; done < size;)
            {
                var at = (uint)offset + (uint)done;
                var lane = (int)(at & 3);
                var bytes = Math.Min(size - done, BankWidth - lane);
                var word = ReadAnswer(at >> 2) >> (8 * lane);
                value |= (word & ((1ul << (8 * bytes)) - 1)) << (8 * done);
                done += bytes;
            }

            return true;
        }
    }

    /// <inheritdoc/>
    public bool TryWrite(ulong offset, int size, ulong value)
    {
        if (!IsAccepted(offset, size))
            return false;
        lock (_gate)
        {
            if (size <= BankWidth)
            {
                WriteBus((uint)offset, size, (uint)value);
            }
            else
            {
                WriteBus((uint)offset, BankWidth, (uint)value);
                WriteBus((uint)offset + BankWidth, BankWidth, (uint)(value >> 32));
            }

            return true;
        }
    }

    /// <inheritdoc/>
    public CfiFlashState Save()
    {
        lock (_gate)
        {
            return new CfiFlashState
            {
                Mode = _mode,
                Command = _command,
                Status = _status,
                CommandOffset = _commandOffset,
                BufferCounted = _bufferCounted,
                BufferWordsLeft = _bufferWordsLeft,
                Buffer = (byte[])_buffer.Clone(),
                BufferWritten = (byte[])_written.Clone(),
                LockedSectors = (byte[])_locked.Clone(),
            };
        }
    }

    /// <inheritdoc/>
    public void Restore(CfiFlashState state)
    {
        lock (_gate)
        {
            var offset = state.CommandOffset & (_size - 1);
            _command = state.Command;
            _status = state.Status;
            _commandOffset = offset;
            _bufferCounted = state.BufferCounted;
            _bufferWordsLeft = Math.Min(state.BufferWordsLeft, BufferSize / BankWidth);
            Copy(state.Buffer, _buffer);
            Copy(state.BufferWritten, _written);
            Copy(state.LockedSectors, _locked);
            _mode = state.Mode;
            ReadArrayModeChanged?.Invoke(_mode == FlashMode.Array);
        }
    }

    private static void Copy(IReadOnlyList<byte> from, byte[] to)
    {
        for (var i = 0; i < to.Length; i++)
            to[i] = i < from.Count ? from[i] : (byte)0;
    }

    private bool IsAccepted(ulong offset, int size) =>
        size is 1 or 2 or 4 or 8 && offset < _size && (ulong)size <= _size - offset;

    /// <summary>The answer of both chips to a read of bus word <paramref name="word"/> outside read-array mode.</summary>
    private uint ReadAnswer(uint word)
    {
        uint chip = _mode switch
        {
            FlashMode.Identifier => (word & 0xFF) switch
            {
                0 => 0x89, // Intel
                1 => 0x18, // 128 Mbit P30
                2 => IsLocked(word * BankWidth) ? 1u : 0u,
                _ => 0,
            },
            FlashMode.Query => word < (uint)_query.Length ? _query[word] : 0u,
            _ => _status,
        };
        return chip | (chip << 16);
    }

    private bool IsLocked(uint offset)
    {
        var sector = offset / _sectorSize;
        return (_locked[sector / 8] & (1 << (int)(sector % 8))) != 0;
    }

    private void SetLocked(uint offset, bool locked)
    {
        var sector = offset / _sectorSize;
        var bit = 1 << (int)(sector % 8);
        _locked[sector / 8] = (byte)(locked ? _locked[sector / 8] | bit : _locked[sector / 8] & ~bit);
    }

    private void EnterMode(FlashMode mode)
    {
        var before = _mode;
        _mode = mode;
        if (before == FlashMode.Array != (mode == FlashMode.Array))
            ReadArrayModeChanged?.Invoke(mode == FlashMode.Array);
    }
}
