using Arm64Vm.Cpu.Parts;

namespace Arm64Vm.Cpu;

/// <summary>Switching on and off, as others ask for it.</summary>
internal sealed unsafe partial class Vcpu
{
    /// <summary>On, off or on the way. Safe from any thread.</summary>
    public ProcessorPower Power => _power.Power;

    /// <summary>Switches a processor that is off on: it resets, with <paramref name="context"/> in X0, and runs from <paramref name="entry"/>. Safe from any thread.</summary>
    /// <returns>What it was before; only a processor that was <see cref="ProcessorPower.Off"/> is switched on.</returns>
    public ProcessorPower PowerOn(ulong entry, ulong context)
    {
        ProcessorPower before = _power.Request(new PowerOnState(entry, context));
        if (before == ProcessorPower.Off)
            LookAgain();
        return before;
    }

    /// <summary>Switches it off. Only where it does not run, or on the thread that runs it.</summary>
    public void PowerOff() => _power.SwitchOff();

    /// <summary>Does what <see cref="PowerOn"/> asked for; false while the processor is to stay off.</summary>
    private bool IsSwitchedOn()
    {
        if (_power.IsOn)
            return true;
        if (_power.Take() is not { } start)
            return false;
        Reset(start.Entry);
        SetX(0, start.Context);
        return true;
    }
}
