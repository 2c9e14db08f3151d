using System.Runtime.CompilerServices;
using Arm64Vm.Cpu.Memory;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Parts;

/// <summary>The location that the exclusive monitor marks, as WFE sees it: other processors' stores to it are not reported, so it is looked at.</summary>
/// <remarks>
/// SAFETY: the context outlives this. The marked host address was that of a load of this processor from its machine's memory, which stays mapped as long as the
/// machine has processors; only called while the monitor marks something.
/// </remarks>
internal sealed unsafe class MarkedLocation(GuestContext* context)
{
    /// <summary>About a microsecond: the store that ends a wait mostly comes soon.</summary>
    private const int Looks = 24;

    /// <summary>The bytes are not what the load-exclusive read. A store of the same value goes unnoticed.</summary>
    public bool IsChanged
    {
        get
        {
            ref ExclusiveMonitor monitor = ref context->Exclusive;
            byte* host = (byte*)monitor.Address;
            ulong now = monitor.Size switch
            {
                1 => *host,
                2 => Unsafe.ReadUnaligned<ushort>(host),
                4 => Unsafe.ReadUnaligned<uint>(host),
                8 => Unsafe.ReadUnaligned<ulong>(host),
                _ => 0,
            };
            return monitor.Size == 16 ? HostAtomics.Read128(host) != monitor.Value : now != monitor.Value.Lo;
        }
    }

    /// <summary>Looks for a moment; ends early when the processor is wanted for something else.</summary>
    public bool ChangesSoon()
    {
        for (int look = 0; look < Looks && Volatile.Read(ref context->Poll) == 0; look++)
        {
            if (IsChanged)
                return true;
            Thread.SpinWait(1);
        }

        return false;
    }
}
