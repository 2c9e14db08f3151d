using Arm64Vm.Cpu;
using Arm64Vm.Devices.Pci;

namespace Arm64Vm.Devices.Gic.Its;

/// <summary>The ITS: makes LPIs of messages, by tables that commands fill (IHI 0069, chapter 5 and 12.12).</summary>
/// <remarks>
/// Devices, events and collections are in guest memory, in entries of a format of our own: whatever a guest does to them, each is checked
/// when it is used. Bit 0 of each says that it is valid. Commands that make no sense are skipped.
/// </remarks>
internal sealed partial class InterruptTranslationService : IMmioDevice, IMsiTarget, IStateful<ItsState>
{
    /// <summary>Bytes of both frames.</summary>
    public const ulong Length = 0x2_0000;

    private const ulong Translater = 0x1_0040;

    private const uint Control = 0x0000;
    private const uint Identification = 0x0004;
    private const uint Type = 0x0008;
    private const uint CommandBase = 0x0080;
    private const uint CommandWriter = 0x0088;
    private const uint CommandReader = 0x0090;
    private const uint FirstTable = 0x0100;
    private const uint PeripheralId = 0xFFD0;

    private const uint ControlEnabled = 1;
    private const uint ControlQuiescent = 1u << 31;
    private const uint IdentificationValue = 0x43B;

    /// <summary>Event and device numbers have 16 bits.</summary>
    private const int NumberBits = 16;

    /// <summary>Physical LPIs; entries of 8 bytes; 16 bits each of event, device and (as CIL is 0) collection; targets are processor numbers.</summary>
    private const ulong TypeValue = 1 | ((ItsTable.EntrySize - 1) << 4) | ((NumberBits - 1) << 8) | ((NumberBits - 1) << 13);

    private const ulong CommandBaseValid = 1ul << 63;
    private const uint OffsetMask = 0xF_FFE0;

    /// <summary>Commands done for one access: a processor does not stay away for long; the next access goes on.</summary>
    private const int CommandsAtOnce = 1024;

    private readonly Lock _gate = new();
    private readonly ulong _base;
    private readonly IGuestMemory _memory;
    private readonly LpiRedistributors _lpis;
    private readonly ItsTable _devices;
    private readonly ItsTable _collections;
    private readonly ILogSink? _log;
    private bool _isEnabled;
    private ulong _commandBase;
    private uint _commandWrite;
    private uint _commandRead;

    /// <param name="address">Where the frames are, for messages.</param>
    /// <param name="memory">Where tables and commands are.</param>
    /// <param name="lpis">What it feeds.</param>
    /// <param name="log">Gets commands that make no sense.</param>
    public InterruptTranslationService(ulong address, IGuestMemory memory, LpiRedistributors lpis, ILogSink? log = null)
    {
        _base = address;
        _memory = memory;
        _lpis = lpis;
        _log = log;
        _devices = new ItsTable(memory, type: 1);
        _collections = new ItsTable(memory, type: 4);
    }

    private uint CommandBytes => ((uint)_commandBase & 0xFF) + 1 << 12;

    /// <inheritdoc/>
    public bool TryRead(ulong offset, int size, out ulong value)
    {
        value = 0;
        if (!IsAccepted(offset, size))
            return false;
        lock (_gate)
        {
            var register = (uint)offset & ~7u;
            value = ReadRegister(register) >> (8 * (int)(offset & 7));
            if (size == 4)
                value = (uint)value;
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
            var register = (uint)offset & ~7u;
            if (size == 4)
            {
                var shift = 8 * (int)(offset & 4);
                value = (ReadRegister(register) & ~(0xFFFF_FFFFul << shift)) | (value << shift);
            }

            WriteRegister(register, value);
            return true;
        }
    }

    /// <summary>A message: data is the event, the writer's bus address the device.</summary>
    public bool TrySend(ulong address, uint data, ushort requester)
    {
        if (address != _base + Translater)
            return false;
        lock (_gate)
        {
            if (_isEnabled && TryTranslate(requester, data, out var target, out var id))
                _lpis.SetPending(target, id, true);
        }

        return true;
    }

    /// <inheritdoc/>
    public ItsState Save()
    {
        lock (_gate)
            return new ItsState(_isEnabled, _commandBase, _commandWrite, _commandRead, _devices.Register, _collections.Register);
    }

    /// <inheritdoc/>
    public void Restore(ItsState state)
    {
        lock (_gate)
        {
            (_isEnabled, _commandBase) = (state.IsEnabled, state.CommandBase);
            (_commandWrite, _commandRead) = (state.CommandWrite & OffsetMask, state.CommandRead & OffsetMask);
            (_devices.Register, _collections.Register) = (state.Devices, state.Collections);
        }
    }

    private static bool IsAccepted(ulong offset, int size) =>
        size is 4 or 8 && offset < Length && (offset & (ulong)(size - 1)) == 0;

    private ulong ReadRegister(uint register)
    {
        switch (register)
        {
            // Commands are done at once, or by the access that asks how far they are.
            case Control: return ((ulong)IdentificationValue << 32) | (_isEnabled ? ControlEnabled : 0) | ControlQuiescent;
            case Type: return TypeValue;
            case CommandBase: return _commandBase;
            case CommandWriter: return _commandWrite;
            case CommandReader:
                RunCommands();
                return _commandRead;
            case FirstTable: return _devices.Register;
            case FirstTable + 8: return _collections.Register;
            case >= PeripheralId and < 0x1_0000: return ReadPeripheralId(register) | ((ulong)ReadPeripheralId(register + 4) << 32);
            default: return 0;
        }
    }

    private void WriteRegister(uint register, ulong value)
    {
        switch (register)
        {
            case Control:
                _isEnabled = (value & ControlEnabled) != 0;
                RunCommands();
                break;
            case CommandWriter:
                _commandWrite = (uint)value & OffsetMask;
                RunCommands();
                break;

            // Where things are can change only while nothing is done with them (12.12.2, 12.12.7).
            case CommandBase when !_isEnabled:
                _commandBase = value;
                _commandRead = 0;
                break;
            case FirstTable when !_isEnabled: _devices.Register = value; break;
            case FirstTable + 8 when !_isEnabled: _collections.Register = value; break;
        }
    }

    /// <summary>PIDR2 names architecture 3.</summary>
    private static uint ReadPeripheralId(uint offset)
    {
        ReadOnlySpan<byte> values = [0x44, 0, 0, 0, 0x94, 0xB4, 0x3B, 0, 0x0D, 0xF0, 0x05, 0xB1];
        return values[(int)(offset - PeripheralId) / 4];
    }
}
