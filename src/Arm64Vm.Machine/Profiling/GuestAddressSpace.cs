using Arm64Vm.Cpu;
using Arm64Vm.Cpu.Memory;
using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Ir;

namespace Arm64Vm.Machine.Profiling;

/// <summary>The upper half of a processor's address space, read from another thread while the guest runs: what is read is of some moment.</summary>
/// <param name="memory">The guest's.</param>
/// <param name="vcpu">The processor.</param>
/// <param name="translationBase">TTBR1_EL1 as it was at some time; null: as it is.</param>
internal sealed class GuestAddressSpace(PhysicalMemory memory, Vcpu vcpu, ulong? translationBase = null) : IKernelMemory
{
    private readonly PageWalker _walker = new(memory);

    /// <summary>Reads bytes within a page; false where nothing is mapped. Changes nothing, not even access flags.</summary>
    public bool TryReadUpper(ulong address, Span<byte> bytes) => TryTranslateUpper(address, out var physical) && memory.TryRead(physical, bytes);

    public bool TryTranslateUpper(ulong address, out ulong physical)
    {
        physical = 0;
        var control = vcpu.GetDirect(DirectRegister.TranslationControl1);
        var half = RegimeHalf.Decode(control, translationBase ?? vcpu.GetDirect(DirectRegister.TranslationBase1), upper: true);
        var controls = new WalkControls { OutputBits = 48 };
        if (_walker.Walk(half, controls, address, AccessType.Read, privileged: true, pan: false, markAccess: false, out var entry) != FaultStatus.None)
            return false;
        physical = entry.Physical | (address & entry.Mask);
        return true;
    }
}
