using Arm64Vm.Cpu;

namespace Arm64Vm.Machine.Psci;

/// <summary>PSCI 1.1 behind HVC (Arm DEN 0022), as far as the board's firmware interface goes.</summary>
/// <remarks>
/// With one processor CPU_ON has nobody to start. Everything that is not PSCI, the SMCCC version probe included, is NOT_SUPPORTED.
/// </remarks>
public sealed class PsciFirmware : IHypervisorCalls
{
    private const uint Version11 = 0x0001_0001;
    private const ulong Success = 0;
    private const ulong NotSupported = ulong.MaxValue;
    private const ulong InvalidParameters = ulong.MaxValue - 1;
    private const ulong AlreadyOn = ulong.MaxValue - 3;
    private const ulong AffinityFields = 0xFF_00FF_FFFF;

    /// <summary>No trusted OS to migrate.</summary>
    private const ulong MigrationNotRequired = 2;
    private const ulong IsOn = 0;

    public CallOutcome Call(Vcpu vcpu, ushort immediate)
    {
        uint function = (uint)vcpu.GetX(0);

        // SMC32 calls use the low halves of their arguments.
        bool is64 = (function & 0x4000_0000) != 0;
        ulong first = is64 ? vcpu.GetX(1) : (uint)vcpu.GetX(1);
        switch ((PsciFunction)(function & ~0x4000_0000u))
        {
            case PsciFunction.Version when !is64:
                vcpu.SetX(0, Version11);
                break;
            case PsciFunction.CpuSuspend:
                vcpu.SetX(0, Success);
                return CallOutcome.WaitForInterrupt;
            case PsciFunction.CpuOff when !is64:
                return CallOutcome.PowerDown;
            case PsciFunction.CpuOn:
                vcpu.SetX(0, IsThis(vcpu, first) ? AlreadyOn : InvalidParameters);
                break;
            case PsciFunction.AffinityInfo:
                vcpu.SetX(0, IsThis(vcpu, first) && vcpu.GetX(2) == 0 ? IsOn : InvalidParameters);
                break;
            case PsciFunction.MigrateInfoType when !is64:
                vcpu.SetX(0, MigrationNotRequired);
                break;
            case PsciFunction.SystemOff when !is64:
                vcpu.RequestStop(VcpuStop.PowerOff);
                return CallOutcome.Stop;
            case PsciFunction.SystemReset when !is64:
                vcpu.RequestStop(VcpuStop.Reset);
                return CallOutcome.Stop;
            case PsciFunction.Features when !is64:
                vcpu.SetX(0, IsImplemented((uint)first) ? Success : NotSupported);
                break;
            default:
                vcpu.SetX(0, NotSupported);
                break;
        }

        return CallOutcome.Continue;
    }

    private static bool IsThis(Vcpu vcpu, ulong affinity) =>
        (affinity & AffinityFields) == (vcpu.Affinity & AffinityFields) && (affinity & ~AffinityFields) == 0;

    private static bool IsImplemented(uint function)
    {
        bool is64 = (function & 0x4000_0000) != 0;
        return (PsciFunction)(function & ~0x4000_0000u) switch
        {
            PsciFunction.CpuSuspend or PsciFunction.CpuOn or PsciFunction.AffinityInfo => true,
            PsciFunction.Version or PsciFunction.CpuOff or PsciFunction.MigrateInfoType or PsciFunction.SystemOff
                or PsciFunction.SystemReset or PsciFunction.Features => !is64,
            _ => false,
        };
    }
}
