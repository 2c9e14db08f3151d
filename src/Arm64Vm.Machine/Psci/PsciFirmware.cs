using Arm64Vm.Cpu;

namespace Arm64Vm.Machine.Psci;

/// <summary>PSCI 1.1 behind HVC (Arm DEN 0022), as far as the board's firmware interface goes.</summary>
/// <remarks>
/// Processors start at EL1, and CPU_SUSPEND waits as WFI does. Everything that is not PSCI, the SMCCC version probe included, is NOT_SUPPORTED.
/// Calls come from the threads of all processors at once.
/// </remarks>
internal sealed class PsciFirmware : IHypervisorCalls
{
    private const uint Version11 = 0x0001_0001;
    private const ulong Success = 0;
    private const ulong NotSupported = ulong.MaxValue;
    private const ulong InvalidParameters = ulong.MaxValue - 1;
    private const ulong AlreadyOn = ulong.MaxValue - 3;
    private const ulong OnPending = ulong.MaxValue - 4;
    private const ulong InvalidAddress = ulong.MaxValue - 8;
    private const ulong AffinityFields = 0xFF_00FF_FFFF;

    /// <summary>No trusted OS to migrate.</summary>
    private const ulong MigrationNotRequired = 2;

    /// <summary>How often a caller of CPU_ON lets others run before it is told that the processor is on its way.</summary>
    private const int Patience = 64;

    private Vcpu[] _processors = [];

    /// <summary>For each caller by index, how often it has tried.</summary>
    private int[] _tries = [];

    /// <summary>Says whom CPU_ON can start; before that, nobody.</summary>
    public void Connect(IEnumerable<Vcpu> processors)
    {
        _processors = [.. processors];
        _tries = new int[_processors.Length];
    }

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
                ulong answer = SwitchOn(first, is64 ? vcpu.GetX(2) : (uint)vcpu.GetX(2), is64 ? vcpu.GetX(3) : (uint)vcpu.GetX(3));

                // Between two requests the processor is usually there: a caller that loses the race hears that it is on, as from firmware that switches on at once.
                if (answer == OnPending && _tries[vcpu.Index]++ < Patience)
                    return CallOutcome.Retry;
                _tries[vcpu.Index] = 0;
                vcpu.SetX(0, answer);
                break;
            case PsciFunction.AffinityInfo:
                vcpu.SetX(0, AffinityInfo(first, (uint)vcpu.GetX(2)));
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

    /// <summary>CPU_ON (5.6). Of several callers at once one succeeds.</summary>
    private ulong SwitchOn(ulong target, ulong entry, ulong context)
    {
        foreach (var processor in _processors)
        {
            if (target != (processor.Affinity & AffinityFields))
                continue;
            if ((entry & 3) != 0)
                return InvalidAddress;
            return processor.PowerOn(entry, context) switch
            {
                ProcessorPower.Off => Success,
                ProcessorPower.On => AlreadyOn,
                _ => OnPending,
            };
        }

        return InvalidParameters;
    }

    /// <summary>AFFINITY_INFO (5.7): at levels above 0 a cluster is on where any of its processors is.</summary>
    private ulong AffinityInfo(ulong target, uint lowestLevel)
    {
        if (lowestLevel > 3 || (target & ~AffinityFields) != 0)
            return InvalidParameters;

        // Aff0 to Aff2 are adjacent, Aff3 is at 39:32.
        ulong ignored = lowestLevel == 3 ? 0xFF_FFFF : (1UL << (8 * (int)lowestLevel)) - 1;
        ulong info = InvalidParameters;
        foreach (var processor in _processors)
        {
            if (((processor.Affinity ^ target) & AffinityFields & ~ignored) != 0)
                continue;
            switch (processor.Power)
            {
                case ProcessorPower.On:
                    return (ulong)ProcessorPower.On;
                case ProcessorPower.OnPending:
                    info = (ulong)ProcessorPower.OnPending;
                    break;
                default:
                    info = info == InvalidParameters ? (ulong)ProcessorPower.Off : info;
                    break;
            }
        }

        return info;
    }

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
