using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Pci;

/// <summary>An address window of the host into which no function is mapped: reads return ones, writes vanish, as on a master abort.</summary>
public sealed class PciWindow(string name, ulong length, ILogSink? log = null) : IMmioDevice
{
    /// <inheritdoc/>
    public bool TryRead(ulong offset, int size, out ulong value)
    {
        value = ulong.MaxValue >> (64 - 8 * Math.Clamp(size, 1, 8));
        return Accepts("read", offset, size);
    }

    /// <inheritdoc/>
    public bool TryWrite(ulong offset, int size, ulong value) => Accepts("write", offset, size);

    private bool Accepts(string what, ulong offset, int size)
    {
        if (size is not (1 or 2 or 4 or 8) || offset >= length || (ulong)size > length - offset)
            return false;
        if (log is not null && log.IsEnabled(LogCategories.Mmio))
            log.Write(LogCategories.Mmio, $"pci {name}: {what} of {size} bytes at 0x{offset:x} where no function answers");
        return true;
    }
}
