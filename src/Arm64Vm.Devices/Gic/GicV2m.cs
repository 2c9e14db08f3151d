using Arm64Vm.Cpu;
using Arm64Vm.Devices.Pci;

namespace Arm64Vm.Devices.Gic;

/// <summary>A frame that turns messages into shared interrupts (Arm SBSA, appendix E: GICv2m). It has no state: an interrupt is an edge.</summary>
internal sealed class GicV2m : IMmioDevice, IMsiTarget
{
    /// <summary>Bytes of the frame.</summary>
    public const ulong Length = 0x1000;

    private const ulong TypeRegister = 0x008;
    private const ulong SetRegister = 0x040;
    private const ulong IdentificationRegister = 0xFCC;

    /// <summary>Product 0x51, as on QEMU's board, without an implementer.</summary>
    private const uint Identification = 0x51 << 20;

    private readonly ulong _base;
    private readonly int _first;
    private readonly IInterruptLine[] _lines;

    /// <param name="frame">Its physical address.</param>
    /// <param name="first">INTID of the first interrupt.</param>
    /// <param name="lines">The interrupts, to be configured as edges by the driver.</param>
    public GicV2m(ulong frame, int first, IReadOnlyList<IInterruptLine> lines)
    {
        _base = frame;
        _first = first;
        _lines = [.. lines];
    }

    /// <inheritdoc/>
    public bool TryRead(ulong offset, int size, out ulong value)
    {
        value = offset switch
        {
            TypeRegister => ((uint)_first << 16) | (uint)_lines.Length,
            IdentificationRegister => Identification,
            _ => 0,
        };
        return size == 4 && (offset & 3) == 0 && offset < Length;
    }

    /// <inheritdoc/>
    public bool TryWrite(ulong offset, int size, ulong value)
    {
        if (size is not (2 or 4) || (offset & 3) != 0 || offset >= Length)
            return false;
        if (offset == SetRegister)
            Pulse((uint)value);
        return true;
    }

    /// <inheritdoc/>
    public bool TrySend(ulong address, uint data, ushort requester)
    {
        if (address != _base + SetRegister)
            return false;
        Pulse(data);
        return true;
    }

    private void Pulse(uint interrupt)
    {
        var index = (interrupt & 0x3FF) - (uint)_first;
        if (index >= (uint)_lines.Length)
            return;
        _lines[index].Set(true);
        _lines[index].Set(false);
    }
}
