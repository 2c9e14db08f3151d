using Arm64Vm.Cpu;
using Arm64Vm.Devices.Power;

namespace Arm64Vm.Devices.Gpio;

/// <summary>The board's power key: presses a pin for a tenth of a second, and reports an event, either of which guests take as a request to shut down.</summary>
public sealed class PowerKey : IDisposable
{
    /// <summary>Where the virt board wires it.</summary>
    public const int VirtPin = 3;

    private const ulong PressNanoseconds = 100_000_000;

    private readonly Pl061 _gpio;
    private readonly int _pin;
    private readonly IVirtualClock _clock;
    private readonly GenericEventDevice? _events;
    private readonly IVirtualTimer _release;

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
        _release = clock.CreateTimer(() => _gpio.SetInput(_pin, false));
    }

    /// <summary>Presses and later releases the key. Safe from any thread.</summary>
    public void Press()
    {
        _gpio.SetInput(_pin, true);
        _events?.Raise(GenericEventDevice.PowerKeyEvent);
        _release.Arm(_clock.Nanoseconds + PressNanoseconds);
    }

    /// <summary>Detaches from the clock.</summary>
    public void Dispose() => _release.Dispose();
}
