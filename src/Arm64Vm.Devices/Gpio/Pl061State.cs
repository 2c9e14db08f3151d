namespace Arm64Vm.Devices.Gpio;

/// <summary>What survives a snapshot of a <see cref="Pl061"/>; each byte has one bit per pin.</summary>
/// <param name="Output">Levels the guest wrote.</param>
/// <param name="Input">Levels at the pins from outside.</param>
/// <param name="Direction">GPIODIR: 1 is an output.</param>
/// <param name="Sense">GPIOIS: 1 detects levels, 0 edges.</param>
/// <param name="BothEdges">GPIOIBE.</param>
/// <param name="Event">GPIOIEV: 1 is a rising edge or a high level.</param>
/// <param name="Mask">GPIOIE.</param>
/// <param name="RawStatus">GPIORIS.</param>
/// <param name="AlternateFunction">GPIOAFSEL.</param>
internal sealed record Pl061State(
    byte Output, byte Input, byte Direction, byte Sense, byte BothEdges, byte Event, byte Mask, byte RawStatus, byte AlternateFunction);
