using Arm64Vm.Cpu;

namespace Arm64Vm.Devices;

/// <summary>A device of 32-bit registers, one access at a time under one lock.</summary>
/// <remarks>
/// Narrow accesses see their bytes of the register, 8-byte ones see two registers, as on a 32-bit APB behind a bridge.
/// An access that straddles a register, or leaves the window, is refused.
/// </remarks>
internal abstract class WordRegisterDevice : IMmioDevice
{
    private readonly uint _length;

    private protected WordRegisterDevice(uint length) => _length = length;

    /// <summary>Guards all state of the device: register accesses, timer callbacks and back-end callbacks take it.</summary>
    private protected Lock Gate { get; } = new();

    /// <inheritdoc/>
    public bool TryRead(ulong offset, int size, out ulong value)
    {
        value = 0;
        if (!IsAccepted(offset, size))
            return false;
        var register = (uint)offset & ~3u;
        lock (Gate)
        {
            if (size == 8)
            {
                value = ReadRegister(register);
                value |= (ulong)ReadRegister(register + 4) << 32;
                return true;
            }

            var word = ReadRegister(register) >> (8 * ((int)offset & 3));
            value = size switch { 1 => (byte)word, 2 => (ushort)word, _ => word };
            return true;
        }
    }

    /// <inheritdoc/>
    public bool TryWrite(ulong offset, int size, ulong value)
    {
        if (!IsAccepted(offset, size))
            return false;
        var register = (uint)offset & ~3u;
        lock (Gate)
        {
            if (size == 8)
            {
                WriteRegister(register, (uint)value);
                WriteRegister(register + 4, (uint)(value >> 32));
                return true;
            }

            var word = size switch { 1 => (byte)value, 2 => (ushort)value, _ => (uint)value };
            WriteRegister(register, word << (8 * ((int)offset & 3)));
            return true;
        }
    }

    /// <summary>Reads the register at a multiple of 4 inside the window. Called under <see cref="Gate"/>.</summary>
    private protected abstract uint ReadRegister(uint offset);

    /// <summary>Writes the register at a multiple of 4 inside the window. Called under <see cref="Gate"/>.</summary>
    private protected abstract void WriteRegister(uint offset, uint value);

    private bool IsAccepted(ulong offset, int size)
    {
        if (offset >= _length || (ulong)size > _length - offset)
            return false;
        var within = (int)offset & 3;
        return size switch
        {
            1 => true,
            2 or 4 => within + size <= 4,
            8 => within == 0,
            _ => false,
        };
    }
}
