using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Cpu;
using Arm64Vm.Cpu.Memory;
using Arm64Vm.Translation;
using Arm64Vm.Translation.Jit;

namespace Arm64Vm.Benchmarks;

/// <summary>A whole processor with RAM and one device that answers zero; HVC #0 ends the run.</summary>
internal sealed unsafe class MachineGuest : IHypervisorCalls, IPhysicalBus, IDisposable
{
    public const ulong Device = 0x0900_0000;
    public const ulong Ram = 0x4000_0000;

    private readonly GuestRam ram = new(Ram, 64 << 20);
    private readonly Vcpu cpu;

    public MachineGuest(params ReadOnlySpan<uint> words)
    {
        PhysicalMemory memory = new(this);
        memory.AddRam(ram);
        cpu = new Vcpu(
            new VcpuOptions { HypervisorCalls = this, NormalMemoryWhenMmuOff = true },
            memory,
            [],
            (services, code) => new JitExecutor(code, services, new Translator(new TranslatorOptions()), HostFeatures.Detect(), 1 << 24));
        memory.TryWrite(Ram, MemoryMarshal.AsBytes(words));
    }

    /// <summary>Runs from the first word to HVC #0.</summary>
    public void Run(ulong x1, ulong x2)
    {
        cpu.SetX(1, x1);
        cpu.SetX(2, x2);
        cpu.Pc = Ram;
        if (cpu.Run().Reason != VcpuReturn.PowerOff)
            throw new InvalidOperationException("the guest did not end");
    }

    public CallOutcome Call(Vcpu vcpu, ushort immediate)
    {
        vcpu.RequestStop(VcpuStop.PowerOff);
        return CallOutcome.Stop;
    }

    public bool TryRead(ulong physicalAddress, int size, out ulong value)
    {
        value = 0;
        return true;
    }

    public bool TryWrite(ulong physicalAddress, int size, ulong value) => true;

    public void Dispose()
    {
        cpu.Dispose();
        ram.Dispose();
    }
}
