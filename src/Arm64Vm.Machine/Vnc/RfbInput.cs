using Arm64Vm.Devices.Virtio.Input;

namespace Arm64Vm.Machine.Vnc;

/// <summary>What a client types and points at, for the guest's keyboard and tablet (RFC 6143, 7.5.4 and 7.5.5).</summary>
internal sealed class RfbInput(InputQueue keyboard, InputQueue pointer)
{
    // Bits of the mask of buttons.
    private const int Left = 1;
    private const int Middle = 2;
    private const int Right = 4;
    private const int WheelUp = 8;
    private const int WheelDown = 16;
    private const int WheelLeft = 32;
    private const int WheelRight = 64;

    private readonly HashSet<ushort> _pressed = [];
    private int _buttons;

    /// <summary>A key was pressed or let go; those that a PC's keyboard does not have are ignored.</summary>
    public void Key(uint symbol, bool isPressed)
    {
        if (KeySymbols.Find(symbol) is not { } code)
            return;
        if (isPressed)
            _pressed.Add(code);
        else
            _pressed.Remove(code);
        keyboard.Report(InputEvent.Key(code, isPressed));
    }

    /// <summary>The pointer is somewhere, with some buttons pressed.</summary>
    /// <param name="buttons">The mask.</param>
    /// <param name="x">Pixels from the left.</param>
    /// <param name="y">Pixels from above.</param>
    /// <param name="columns">Pixels of the picture across.</param>
    /// <param name="rows">Pixels of it down.</param>
    public void Point(int buttons, int x, int y, int columns, int rows)
    {
        Span<InputEvent> events = stackalloc InputEvent[7];
        var count = 0;
        events[count++] = new InputEvent(InputEvent.TypeAbsolute, InputEvent.AxisX, Scale(x, columns));
        events[count++] = new InputEvent(InputEvent.TypeAbsolute, InputEvent.AxisY, Scale(y, rows));
        var changed = buttons ^ _buttons;
        foreach (var (bit, code) in (ReadOnlySpan<(int, ushort)>)[(Left, InputEvent.ButtonLeft), (Middle, InputEvent.ButtonMiddle), (Right, InputEvent.ButtonRight)])
        {
            if ((changed & bit) != 0)
                events[count++] = InputEvent.Key(code, (buttons & bit) != 0);
        }

        // A wheel's button is pressed once for each notch.
        var pressed = changed & buttons;
        if ((pressed & (WheelUp | WheelDown)) != 0)
            events[count++] = new InputEvent(InputEvent.TypeRelative, InputEvent.Wheel, (pressed & WheelUp) != 0 ? 1 : -1);
        if ((pressed & (WheelLeft | WheelRight)) != 0)
            events[count++] = new InputEvent(InputEvent.TypeRelative, InputEvent.WheelAcross, (pressed & WheelRight) != 0 ? 1 : -1);
        _buttons = buttons;
        pointer.Report(events[..count]);
    }

    /// <summary>The client is gone: nothing stays pressed.</summary>
    public void ReleaseAll()
    {
        foreach (var code in _pressed)
            keyboard.Report(InputEvent.Key(code, isPressed: false));
        _pressed.Clear();
        foreach (var (bit, code) in (ReadOnlySpan<(int, ushort)>)[(Left, InputEvent.ButtonLeft), (Middle, InputEvent.ButtonMiddle), (Right, InputEvent.ButtonRight)])
        {
            if ((_buttons & bit) != 0)
                pointer.Report(InputEvent.Key(code, isPressed: false));
        }

        _buttons = 0;
    }

    private static int Scale(int position, int size) => size < 2 ? 0 : Math.Min(position, size - 1) * InputEvent.AxisMaximum / (size - 1);
}
