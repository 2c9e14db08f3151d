using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Tests;

/// <summary>An interrupt wire that counts its rising edges.</summary>
internal sealed class TestLine : IInterruptLine
{
    public bool Level { get; private set; }

    public int Edges { get; private set; }

    public void Set(bool asserted)
    {
        if (asserted && !Level)
            Edges++;
        Level = asserted;
    }
}
