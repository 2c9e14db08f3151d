using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Gic.Its;

/// <summary>The command queue, and what commands do to the tables.</summary>
internal sealed partial class InterruptTranslationService
{
    // A device's entry: valid, bits of its events less one at 5:1, address of its events' table at 51:8.
    // An event's entry: valid, collection at 31:16, INTID at 63:32. A collection's entry: valid, processor at 47:16.
    private const ulong EntryValid = 1;
    private const ulong EventTableMask = 0xF_FFFF_FFFF_FF00;

    private void RunCommands()
    {
        if (!_isEnabled || (_commandBase & CommandBaseValid) == 0)
            return;
        var bytes = CommandBytes;
        if (_commandWrite >= bytes || _commandRead >= bytes)
            return;
        Span<byte> copy = stackalloc byte[ItsCommand.Size];
        for (var i = 0; i < CommandsAtOnce && _commandRead != _commandWrite; i++)
        {
            var command = _memory.Map((_commandBase & 0xF_FFFF_FFFF_F000) + _commandRead, ItsCommand.Size);
            if (command.Length < ItsCommand.Size)
                return;
            command.CopyTo(copy);
            _commandRead = (_commandRead + ItsCommand.Size) % bytes;
            if (!TryRun(new ItsCommand(copy)) && _log is not null && _log.IsEnabled(LogCategories.Guest))
                _log.Write(LogCategories.Guest, $"its: command {copy[0]:x2} {Convert.ToHexString(copy[4..])} makes no sense");
        }
    }

    private bool TryRun(in ItsCommand command)
    {
        switch (command.Operation)
        {
            case ItsOperation.Synchronize:
                return true;
            case ItsOperation.MapDevice:
                return command.Device < 1u << NumberBits && command.EventBits < NumberBits
                    && _devices.TryWrite(command.Device, command.IsValid ? EntryValid | ((ulong)command.EventBits << 1) | command.TableAddress : 0);
            case ItsOperation.MapCollection:
                return (!command.IsValid || command.Target < (ulong)_lpis.Count)
                    && _collections.TryWrite(command.Collection, command.IsValid ? EntryValid | (command.Target << 16) : 0);
            case ItsOperation.MapTranslated:
                return TryMapEvent(command, command.Interrupt);
            case ItsOperation.MapSame:
                return TryMapEvent(command, command.Event);
            case ItsOperation.InvalidateAll:
                if (!TryFindTarget(command.Collection, out var collectionTarget))
                    return false;
                _lpis.InvalidateAll(collectionTarget);
                return true;
            case ItsOperation.MoveAll:
                if (command.Target >= (ulong)_lpis.Count || command.SecondTarget >= (ulong)_lpis.Count)
                    return false;
                _lpis.MoveAll((int)command.Target, (int)command.SecondTarget);
                return true;
            default:
                return TryRunOnEvent(command);
        }
    }

    /// <summary>Commands on an event that is mapped.</summary>
    private bool TryRunOnEvent(in ItsCommand command)
    {
        if (!TryFindEvent(command.Device, command.Event, out var address) || !TryTranslate(command.Device, command.Event, out var target, out var id))
            return false;
        switch (command.Operation)
        {
            case ItsOperation.Interrupt:
                _lpis.SetPending(target, id, true);
                return true;
            case ItsOperation.Clear:
                _lpis.SetPending(target, id, false);
                return true;
            case ItsOperation.Invalidate:
                _lpis.Invalidate(target, id);
                return true;
            case ItsOperation.Discard:
                _lpis.SetPending(target, id, false);
                return ItsTable.TryWrite(_memory, address, 0);
            case ItsOperation.MoveInterrupt:
                if (!TryFindTarget(command.Collection, out var other) || !ItsTable.TryWrite(_memory, address, EventEntry(command.Collection, (uint)id)))
                    return false;
                _lpis.Move(target, other, id);
                return true;
            default:
                return false;
        }
    }

    private bool TryMapEvent(in ItsCommand command, uint interrupt) =>
        interrupt is >= LpiBank.First and < LpiBank.End
        && TryFindEvent(command.Device, command.Event, out var address)
        && ItsTable.TryWrite(_memory, address, EventEntry(command.Collection, interrupt));

    private static ulong EventEntry(ushort collection, uint interrupt) => EntryValid | ((ulong)collection << 16) | ((ulong)interrupt << 32);

    /// <summary>Where an event's entry is.</summary>
    private bool TryFindEvent(uint device, uint number, out ulong address)
    {
        var entry = _devices.Read(device);
        address = (entry & EventTableMask) + number * (ulong)ItsTable.EntrySize;
        return (entry & EntryValid) != 0 && number < 2ul << (int)((entry >> 1) & 0x1F);
    }

    private bool TryFindTarget(ushort collection, out int processor)
    {
        var entry = _collections.Read(collection);
        processor = (int)Math.Min((entry >> 16) & uint.MaxValue, int.MaxValue);
        return (entry & EntryValid) != 0 && processor < _lpis.Count;
    }

    /// <summary>The LPI and the processor of an event.</summary>
    private bool TryTranslate(uint device, uint number, out int processor, out int id)
    {
        (processor, id) = (0, 0);
        if (!TryFindEvent(device, number, out var address))
            return false;
        var entry = ItsTable.Read(_memory, address);
        id = (int)Math.Min(entry >> 32, LpiBank.End);
        return (entry & EntryValid) != 0 && id is >= LpiBank.First and < LpiBank.End && TryFindTarget((ushort)(entry >> 16), out processor);
    }
}
