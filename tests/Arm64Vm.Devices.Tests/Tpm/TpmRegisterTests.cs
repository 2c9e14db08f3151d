using Arm64Vm.Cpu;
using Arm64Vm.Devices.Tpm;

namespace Arm64Vm.Devices.Tests.Tpm;

/// <summary>An interface before a module that answers as it is told to.</summary>
public abstract class TpmRegisterTests : IDisposable
{
    private readonly Func<ITpm, bool, IMmioDevice> _make;

    private protected TpmRegisterTests(Func<ITpm, bool, IMmioDevice> make)
    {
        _make = make;
        Device = make(Tpm, false);
    }

    private protected FakeTpm Tpm { get; } = new();

    private protected IMmioDevice Device { get; private set; }

    public void Dispose()
    {
        Tpm.Gate?.Set();
        ((IDisposable)Device).Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Another interface before the same module.</summary>
    private protected void Restart(bool hasThread)
    {
        ((IDisposable)Device).Dispose();
        Device = _make(Tpm, hasThread);
    }

    /// <summary>The same, with what the interface was.</summary>
    private protected void Reload<TState>()
        where TState : class
    {
        var state = ((IStateful<TState>)Device).Save();
        Restart(hasThread: false);
        ((IStateful<TState>)Device).Restore(state);
    }

    private protected uint Read(uint offset, int size = 4) => Device.Read(offset, size);

    private protected ulong ReadWide(uint offset, int size) => Device.ReadWide(offset, size);

    private protected void Write(uint offset, ulong value, int size = 4) => Device.Write(offset, value, size);
}
