namespace Arm64Vm.Devices.Virtio.Input;

/// <summary>An event of an input device, with the numbers of Linux's evdev (struct virtio_input_event; virtio 1.2, 5.8.6.1).</summary>
/// <param name="Type">EV_SYN, EV_KEY and so on.</param>
/// <param name="Code">Which key or axis.</param>
/// <param name="Value">1 pressed, 0 let go; or the position.</param>
internal readonly record struct InputEvent(ushort Type, ushort Code, int Value)
{
    public const ushort TypeSynchronize = 0;
    public const ushort TypeKey = 1;
    public const ushort TypeRelative = 2;
    public const ushort TypeAbsolute = 3;
    public const ushort TypeLed = 0x11;
    public const ushort TypeRepeat = 0x14;

    public const ushort WheelAcross = 6;
    public const ushort Wheel = 8;
    public const ushort AxisX = 0;
    public const ushort AxisY = 1;
    public const ushort ButtonLeft = 0x110;
    public const ushort ButtonRight = 0x111;
    public const ushort ButtonMiddle = 0x112;

    /// <summary>The highest position of an axis.</summary>
    public const int AxisMaximum = 0x7FFF;

    public static InputEvent Key(ushort code, bool isPressed) => new(TypeKey, code, isPressed ? 1 : 0);
}
