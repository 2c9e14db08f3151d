using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Flash;

/// <summary>The command interface: what writes to the bank mean (Intel P30 datasheet, "command definitions").</summary>
internal sealed partial class CfiFlash
{
    private const byte CommandNone = 0x00;
    private const byte CommandProgramAlternate = 0x10;
    private const byte CommandErase = 0x20;
    private const byte CommandProgram = 0x40;
    private const byte CommandClearStatus = 0x50;
    private const byte CommandLockSetup = 0x60;
    private const byte CommandReadStatus = 0x70;
    private const byte CommandReadIdentifier = 0x90;
    private const byte CommandReadQuery = 0x98;
    private const byte CommandBufferedProgram = 0xE8;
    private const byte CommandReadArray = 0xFF;

    private const byte ConfirmLock = 0x01;
    private const byte ConfirmLockDown = 0x2F;
    private const byte Confirm = 0xD0;

    private void WriteBus(uint offset, int size, uint value)
    {
        switch (_command)
        {
            case CommandNone:
                Begin(offset, (byte)value);
                break;
            case CommandProgram:
                Span<byte> bytes = stackalloc byte[4];
                BitConverter.TryWriteBytes(bytes, value);
                Program(offset, bytes[..size]);
                _command = CommandNone;
                break;
            case CommandErase:
                FinishErase((byte)value);
                break;
            case CommandLockSetup:
                FinishLock((byte)value);
                break;
            default:
                ContinueBuffered(offset, size, value);
                break;
        }
    }

    private void Begin(uint offset, byte command)
    {
        switch (command)
        {
            case CommandReadArray:
            case CommandNone:
            case 0xF0: // the reset of the AMD command set, which probing drivers try
                EnterMode(FlashMode.Array);
                break;
            case CommandClearStatus:
                _status = StatusReady;
                EnterMode(FlashMode.Array);
                break;
            case CommandReadStatus:
                EnterMode(FlashMode.Status);
                break;
            case CommandReadIdentifier:
                EnterMode(FlashMode.Identifier);
                break;
            case CommandReadQuery:
                EnterMode(FlashMode.Query);
                break;
            case CommandProgram:
            case CommandProgramAlternate:
                Start(CommandProgram, offset);
                break;
            case CommandErase:
            case CommandLockSetup:
                Start(command, offset);
                break;
            case CommandBufferedProgram:
                Start(command, offset);
                _bufferCounted = false;
                break;
            default:
                if (_log is not null && _log.IsEnabled(LogCategories.Guest))
                    _log.Write(LogCategories.Guest, $"flash: unknown command 0x{command:x2}");
                EnterMode(FlashMode.Array);
                break;
        }
    }

    private void Start(byte command, uint offset)
    {
        _command = command;
        _commandOffset = offset;
        EnterMode(FlashMode.Status);
    }

    private void FinishErase(byte confirmation)
    {
        _command = CommandNone;
        if (confirmation != Confirm)
        {
            FailSequence(confirmation);
            return;
        }

        if (Refuses(_commandOffset, StatusEraseError))
            return;
        if (_erasedSector is null)
        {
            _erasedSector = new byte[_sectorSize];
            _erasedSector.AsSpan().Fill(0xFF);
        }

        Replace(_commandOffset & ~(_sectorSize - 1), _erasedSector, StatusEraseError);
    }

    private void FinishLock(byte confirmation)
    {
        _command = CommandNone;
        switch (confirmation)
        {
            case Confirm: SetLocked(_commandOffset, false); break;
            case ConfirmLock or ConfirmLockDown: SetLocked(_commandOffset, true); break;
            default: FailSequence(confirmation); break;
        }
    }

    /// <summary>The second cycle carries the number of words less one, then come the words, then the confirmation.</summary>
    private void ContinueBuffered(uint offset, int size, uint value)
    {
        if (!_bufferCounted)
        {
            var words = (value & 0xFFFF) + 1;
            if (words > BufferSize / BankWidth)
            {
                _command = CommandNone;
                FailSequence((byte)value);
                return;
            }

            _bufferCounted = true;
            _bufferWordsLeft = words;
            _written.AsSpan().Clear();
            return;
        }

        if (_bufferWordsLeft > 0)
        {
            CollectWord(offset, size, value);
            return;
        }

        _command = CommandNone;
        if ((byte)value == Confirm)
            CommitBuffer();
        else
            FailSequence((byte)value);
    }

    private void CollectWord(uint offset, int size, uint value)
    {
        if (_written.AsSpan().IndexOfAnyExcept((byte)0) < 0)
            _commandOffset = offset;
        var start = offset & (BufferSize - 1);
        if ((offset ^ _commandOffset) >= BufferSize || start + (uint)size > BufferSize)
        {
            // Leaving the block that the buffer covers is a sequence error.
            _command = CommandNone;
            FailSequence((byte)value);
            return;
        }

        for (var i = 0; i < size; i++)
        {
            var at = (int)start + i;
            _buffer[at] = (byte)(value >> (8 * i));
            _written[at / 8] |= (byte)(1 << (at % 8));
        }

        _bufferWordsLeft--;
    }

    private void CommitBuffer()
    {
        if (Refuses(_commandOffset, StatusProgramError))
            return;
        var block = _commandOffset & ~(uint)(BufferSize - 1);
        var (first, last) = (-1, -1);
        for (var i = 0; i < BufferSize; i++)
        {
            var old = _contents.Span[(int)block + i];
            if ((_written[i / 8] & (1 << (i % 8))) == 0)
            {
                _buffer[i] = old;
                continue;
            }

            _buffer[i] &= old;
            first = first < 0 ? i : first;
            last = i;
        }

        if (first >= 0)
            Replace(block + (uint)first, _buffer.AsSpan(first..(last + 1)), StatusProgramError);
    }

    /// <summary>Programming clears bits and never sets one; only an erase does.</summary>
    private void Program(uint offset, ReadOnlySpan<byte> bytes)
    {
        if (Refuses(offset, StatusProgramError))
            return;
        Span<byte> result = stackalloc byte[BankWidth];
        result = result[..bytes.Length];
        var old = _contents.Span.Slice((int)offset, bytes.Length);
        for (var i = 0; i < bytes.Length; i++)
            result[i] = (byte)(old[i] & bytes[i]);
        Replace(offset, result, StatusProgramError);
    }

    /// <summary>Changes contents once the store has them.</summary>
    private void Replace(uint offset, ReadOnlySpan<byte> bytes, byte error)
    {
        if (_store is not null && !_store.TryWrite(offset, bytes))
        {
            _status |= error;
            return;
        }

        bytes.CopyTo(_contents.Span[(int)offset..]);
        ContentsChanged?.Invoke(offset, (uint)bytes.Length);
    }

    private bool Refuses(uint offset, byte error)
    {
        if (!_readOnly && !IsLocked(offset))
            return false;
        _status |= (byte)(error | StatusProtected);
        return true;
    }

    /// <summary>Read Array in the middle of a command abandons it; anything else is a sequence error (SR.4 and SR.5).</summary>
    private void FailSequence(byte value)
    {
        if (value == CommandReadArray)
            EnterMode(FlashMode.Array);
        else
            _status |= StatusEraseError | StatusProgramError;
    }
}
