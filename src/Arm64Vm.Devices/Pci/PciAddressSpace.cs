using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Pci;

/// <summary>Memory addresses of the bus: which function's registers answer. Looking up takes no lock.</summary>
internal sealed class PciAddressSpace
{
    private MappedBar[] _bars = [];

    /// <summary>Replaces what is mapped, as a whole.</summary>
    internal void Map(IEnumerable<MappedBar> bars) => Volatile.Write(ref _bars, [.. bars]);

    /// <summary>Reads; false: no function answers.</summary>
    internal bool TryRead(ulong address, int size, out ulong value)
    {
        value = 0;
        return TryFind(address, size, out var bar) && bar.Registers.TryRead(address - bar.Base, size, out value);
    }

    /// <summary>Writes; false: no function answers.</summary>
    internal bool TryWrite(ulong address, int size, ulong value) =>
        TryFind(address, size, out var bar) && bar.Registers.TryWrite(address - bar.Base, size, value);

    private bool TryFind(ulong address, int size, out MappedBar found)
    {
        foreach (ref readonly var bar in Volatile.Read(ref _bars).AsSpan())
        {
            if (address - bar.Base < bar.Size && bar.Size - (address - bar.Base) >= (ulong)size)
            {
                found = bar;
                return true;
            }
        }

        found = default;
        return false;
    }
}
