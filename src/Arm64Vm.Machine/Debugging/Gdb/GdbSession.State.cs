using System.Text;
using Arm64Vm.Cpu.Debugging;

namespace Arm64Vm.Machine.Debugging.Gdb;

/// <summary>Registers, memory, breakpoints and watchpoints.</summary>
internal sealed partial class GdbSession
{
    private string ReadGeneral()
    {
        var text = new StringBuilder();
        for (var number = 0; number < RegisterLayout.GeneralCount; number++)
        {
            if (ReadRegister(_current, number) is not { } value)
                return Malformed;
            text.AppendHex(value);
        }

        return text.ToString();
    }

    private string WriteGeneral(ReadOnlySpan<byte> rest)
    {
        if (Hex.ToBytes(rest) is not { } bytes)
            return Malformed;
        var left = bytes.AsSpan();
        for (var number = 0; number < RegisterLayout.GeneralCount && !left.IsEmpty; number++)
        {
            var size = _target.Registers.SizeOf(number);
            if (left.Length < size || !_target.TryWriteRegister(_current, number, left[..size]))
                return Malformed;
            left = left[size..];
        }

        return Ok;
    }

    private string ReadOne(ReadOnlySpan<byte> rest) =>
        Hex.TryTakeNumber(ref rest, out var number) && number < (ulong)_target.Registers.Count && ReadRegister(_current, (int)number) is { } value
            ? Convert.ToHexStringLower(value)
            : Malformed;

    private string WriteOne(ReadOnlySpan<byte> rest) =>
        Hex.TryTakeNumber(ref rest, out var number) && number < (ulong)_target.Registers.Count && Hex.TryTake(ref rest, '=')
        && Hex.ToBytes(rest) is { } bytes && _target.TryWriteRegister(_current, (int)number, bytes)
            ? Ok
            : Malformed;

    private byte[]? ReadRegister(int processor, int number)
    {
        var value = new byte[_target.Registers.SizeOf(number)];
        return _target.TryReadRegister(processor, number, value) ? value : null;
    }

    private string ReadMemory(ReadOnlySpan<byte> rest)
    {
        if (!Hex.TryTakeNumber(ref rest, out var address) || !Hex.TryTake(ref rest, ',') || !Hex.TryTakeNumber(ref rest, out var length) || !rest.IsEmpty)
            return Malformed;
        var bytes = new byte[(int)Math.Min(length, MostMemory)];
        var count = _target.ReadMemory(_current, address, _isPhysical, bytes);
        return count == 0 && bytes.Length != 0 ? Unreadable : Convert.ToHexStringLower(bytes.AsSpan(0, count));
    }

    private string WriteMemory(ReadOnlySpan<byte> rest, bool isBinary)
    {
        if (!Hex.TryTakeNumber(ref rest, out var address) || !Hex.TryTake(ref rest, ',') || !Hex.TryTakeNumber(ref rest, out var length) || !Hex.TryTake(ref rest, ':'))
            return Malformed;
        var bytes = isBinary ? rest.ToArray() : Hex.ToBytes(rest);
        if (bytes is null || (ulong)bytes.Length != length)
            return Malformed;
        return bytes.Length == 0 || _target.TryWriteMemory(_current, address, _isPhysical, bytes) ? Ok : Unreadable;
    }

    /// <summary>Z and z: <c>type,address,kind</c>; soft and hardware breakpoints are the same here.</summary>
    private string Point(ReadOnlySpan<byte> rest, bool isAdded)
    {
        if (!Hex.TryTakeNumber(ref rest, out var type) || !Hex.TryTake(ref rest, ',') || !Hex.TryTakeNumber(ref rest, out var address)
            || !Hex.TryTake(ref rest, ',') || !Hex.TryTakeNumber(ref rest, out var kind))
        {
            return Malformed;
        }

        if (type > 4)
            return Unsupported;
        bool isDone;
        if (type <= 1)
        {
            isDone = isAdded ? _target.TryAddBreakpoint(address) : _target.TryRemoveBreakpoint(address);
        }
        else
        {
            var watch = new DebugWatch(address, kind, type switch { 2 => DebugAccess.Write, 3 => DebugAccess.Read, _ => DebugAccess.Any });
            isDone = isAdded ? _target.TryAddWatchpoint(watch) : _target.TryRemoveWatchpoint(watch);
        }

        return isDone ? Ok : "E22";
    }
}
