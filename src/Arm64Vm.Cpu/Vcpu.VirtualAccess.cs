using Arm64Vm.Cpu.Mmu;

namespace Arm64Vm.Cpu;

/// <summary>Guest memory as the current level sees it, without exceptions: for semihosting and debuggers.</summary>
internal sealed unsafe partial class Vcpu
{
    /// <summary>Reads one byte of RAM at a virtual address; false where nothing is mapped or a device answers.</summary>
    public bool TryReadVirtual(ulong address, out byte value)
    {
        value = 0;
        if (!TryResolveVirtual(address, AccessType.Read, out ulong physical))
            return false;
        byte* host = _memory.Resolve(physical, out _, out _);
        if (host == null)
            return false;
        value = *host;
        return true;
    }

    /// <summary>Writes one byte of RAM at a virtual address; false where nothing writable is mapped or a device answers.</summary>
    public bool TryWriteVirtual(ulong address, byte value)
    {
        if (!TryResolveVirtual(address, AccessType.Write, out ulong physical))
            return false;
        byte* host = _memory.Resolve(physical, out _, out bool writable);
        if (host == null || !writable)
            return false;
        *host = value;
        Written(physical, 1);
        return true;
    }

    private bool TryResolveVirtual(ulong address, AccessType access, out ulong physical)
    {
        int fault = _stage1.Translate(address, access, State.El != 0, pan: false, out TlbEntry entry);
        physical = fault == FaultStatus.None ? _stage1.PhysicalOf(entry, address) : 0;
        return fault == FaultStatus.None;
    }
}
