using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Pci;

/// <summary>An address window of the host onto its bus. Where no function answers reads return ones and writes vanish, as on a master abort.</summary>
/// <param name="name">For the log.</param>
/// <param name="busBase">The bus address of the window's first byte.</param>
/// <param name="length">Bytes.</param>
/// <param name="space">Null: there are no functions in this window.</param>
/// <param name="log">Gets accesses that nothing answers.</param>
internal sealed class PciWindow(string name, ulong busBase, ulong length, PciAddressSpace? space = null, ILogSink? log = null) : IMmioDevice
{
    /// <inheritdoc/>
    public bool TryRead(ulong offset, int size, out ulong value)
    {
        value = ulong.MaxValue >> (64 - 8 * Math.Clamp(size, 1, 8));
        if (!IsAccepted(offset, size))
            return false;
        if (space is not null && space.TryRead(busBase + offset, size, out var answer))
            value = answer;
        else
            LogAbort("read", offset, size);
        return true;
    }

    /// <inheritdoc/>
    public bool TryWrite(ulong offset, int size, ulong value)
    {
        if (!IsAccepted(offset, size))
            return false;
        if (space is null || !space.TryWrite(busBase + offset, size, value))
            LogAbort("write", offset, size);
        return true;
    }

    private bool IsAccepted(ulong offset, int size) => size is 1 or 2 or 4 or 8 && offset < length && (ulong)size <= length - offset;

    private void LogAbort(string what, ulong offset, int size)
    {
        if (log is not null && log.IsEnabled(LogCategories.Mmio))
            log.Write(LogCategories.Mmio, $"pci {name}: {what} of {size} bytes at 0x{offset:x} where no function answers");
    }
}
