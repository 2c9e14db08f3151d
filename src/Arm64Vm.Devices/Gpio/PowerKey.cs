using Arm64Vm.Cpu;
using Arm64Vm.Devices.Power;

namespace Arm64Vm.Devices.Gpio;

/// <summary>What survives a snapshot of a <see cref="PowerKey"/>.</summary>
/// <param name="ReleaseAt">Nanoseconds of the clock when the key goes up; null: it is up.</param>
internal sealed record PowerKeyState(ulong? ReleaseAt);

/// <summary>The board's power key: presses a pin for a tenth of a second, and reports an event, either of which guests take as a request to shut down.</summary>
internal sealed class PowerKey : IStateful<PowerKeyState>, IDisposable
{
    /// <summary>Where the virt board wires it.</summary>
    public const int VirtPin = 3;

    private const ulong PressNanoseconds = 100_000_000;

    private readonly Pl061 _gpio;
    private readonly int _pin;
    private readonly IVirtualClock _clock;
    private readonly GenericEventDevice? _events;
    private readonly IVirtualTimer _release;
    private readonly Lock _gate = new();
    private ulong? _releaseAt;

    /// <param name="gpio">Has the pin.</param>
    /// <param name="clock">Releases the key.</param>
    /// <param name="events">Gets the event as well; null: there is no such device.</param>
    /// <param name="pin">The pin.</param>
    public PowerKey(Pl061 gpio, IVirtualClock clock, GenericEventDevice? events = null, int pin = VirtPin)
    {
        _gpio = gpio;
        _pin = pin;
        _clock = clock;
        _events = events;
        _release = clock.CreateTimer(Release);
    }

    /// <summary>Presses and later releases the key. Safe from any thread.</summary>
    public void Press()
    {
        lock (_gate)
        {
            _releaseAt = _clock.Nanoseconds + PressNanoseconds;
            _gpio.SetInput(_pin, true);
            _release.Arm(_releaseAt.Value);
        }

        _events?.Raise(GenericEventDevice.PowerKeyEvent);
    }

    /// <inheritdoc/>
    public PowerKeyState Save()
    {
        lock (_gate)
            return new PowerKeyState(_releaseAt);
    }

    /// <inheritdoc/>
    /// <remarks>The pin is part of the GPIO's state.</remarks>
    public void Restore(PowerKeyState state)
    {
        lock (_gate)
        {
            _releaseAt = state.ReleaseAt;
            if (_releaseAt is { } at)
                _release.Arm(at);
            else
                _release.Disarm();
        }
    }

    /// <summary>Detaches from the clock.</summary>
    public void Dispose() => _release.Dispose();

    private void Release()
    {
        lock (_gate)
        {
            // Pressed again meanwhile: the timer has been armed for the later time.
            if (_releaseAt is not { } at || _clock.Nanoseconds < at)
                return;
            _releaseAt = null;
            _gpio.SetInput(_pin, false);
        }
    }
}
