using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Power;

/// <summary>What survives a snapshot of a <see cref="GenericEventDevice"/>.</summary>
/// <param name="Pending">Events not yet read.</param>
internal sealed record GenericEventState(uint Pending);

/// <summary>The register behind an ACPI generic event device (ACPI 6.5, 5.6.9): an interrupt, and a word that says why and is zero after it was read.</summary>
internal sealed class GenericEventDevice : WordRegisterDevice, IStateful<GenericEventState>
{
    /// <summary>Bytes of the register window.</summary>
    public const uint Length = 4;

    /// <summary>The power key was pressed.</summary>
    public const uint PowerKeyEvent = 1 << 1;

    private readonly IInterruptLine _interrupt;
    private uint _pending;

    /// <param name="interrupt">High while there is an event; guests take it on its rising edge.</param>
    public GenericEventDevice(IInterruptLine interrupt)
        : base(Length) => _interrupt = interrupt;

    /// <summary>Reports events. Safe from any thread.</summary>
    public void Raise(uint events)
    {
        lock (Gate)
        {
            // A guest that has not read the last event may have missed its edge, for example while it started up.
            _interrupt.Set(false);
            _pending |= events;
            _interrupt.Set(_pending != 0);
        }
    }

    /// <inheritdoc/>
    public GenericEventState Save()
    {
        lock (Gate)
            return new GenericEventState(_pending);
    }

    /// <inheritdoc/>
    public void Restore(GenericEventState state)
    {
        lock (Gate)
        {
            _pending = state.Pending;
            _interrupt.Set(_pending != 0);
        }
    }

    private protected override uint ReadRegister(uint offset)
    {
        var events = _pending;
        _pending = 0;
        _interrupt.Set(false);
        return events;
    }

    /// <summary>The word is read-only.</summary>
    private protected override void WriteRegister(uint offset, uint value)
    {
    }
}
