using System.Buffers.Binary;
using System.Text;

namespace Arm64Vm.Devices.Virtio.Input;

/// <summary>What an input device says about itself in its configuration (virtio 1.2, 5.8.5), in Linux's numbers.</summary>
internal sealed class InputDescription
{
    /// <summary>Bytes of an answer.</summary>
    public const int AnswerSize = 128;

    private const byte SelectName = 1;
    private const byte SelectIdentity = 3;
    private const byte SelectEvents = 0x11;
    private const byte SelectAxis = 0x12;

    /// <summary>BUS_VIRTUAL, and the vendor that guests know from QEMU.</summary>
    private const ushort Bus = 6;
    private const ushort Vendor = 0x0627;

    private const ushort LastKey = 127;
    private const ushort LastLed = 2;

    private readonly string _name;
    private readonly ushort _product;
    private readonly Dictionary<byte, byte[]> _events = [];

    private InputDescription(string name, ushort product) => (_name, _product) = (name, product);

    /// <summary>A keyboard with the keys of a PC.</summary>
    public static InputDescription Keyboard()
    {
        var keyboard = new InputDescription("Arm64Vm keyboard", 1);
        keyboard.Add(InputEvent.TypeKey, [.. Enumerable.Range(1, LastKey)]);
        keyboard.Add(InputEvent.TypeLed, [.. Enumerable.Range(0, LastLed + 1)]);
        keyboard.Add(InputEvent.TypeRepeat, [0]);
        return keyboard;
    }

    /// <summary>A pointer that says where it is, not how far it has moved, so that it is where the host's is.</summary>
    public static InputDescription Tablet()
    {
        var tablet = new InputDescription("Arm64Vm tablet", 3);
        tablet.Add(InputEvent.TypeKey, [InputEvent.ButtonLeft, InputEvent.ButtonRight, InputEvent.ButtonMiddle]);
        tablet.Add(InputEvent.TypeRelative, [InputEvent.Wheel, InputEvent.WheelAcross]);
        tablet.Add(InputEvent.TypeAbsolute, [InputEvent.AxisX, InputEvent.AxisY]);
        return tablet;
    }

    /// <summary>Answers a selection.</summary>
    /// <param name="select">What is asked for.</param>
    /// <param name="subselect">Of which type of events, or axis.</param>
    /// <param name="answer"><see cref="AnswerSize"/> bytes, zero.</param>
    /// <returns>Bytes of the answer; 0: there is none.</returns>
    public int Answer(byte select, byte subselect, Span<byte> answer)
    {
        switch (select)
        {
            case SelectName:
                return Encoding.ASCII.GetBytes(_name, answer);
            case SelectIdentity:
                BinaryPrimitives.WriteUInt16LittleEndian(answer, Bus);
                BinaryPrimitives.WriteUInt16LittleEndian(answer[2..], Vendor);
                BinaryPrimitives.WriteUInt16LittleEndian(answer[4..], _product);
                BinaryPrimitives.WriteUInt16LittleEndian(answer[6..], 1);
                return 8;
            case SelectEvents when _events.TryGetValue(subselect, out var bits):
                bits.CopyTo(answer);
                return bits.Length;
            case SelectAxis when subselect <= InputEvent.AxisY && _events.ContainsKey((byte)InputEvent.TypeAbsolute):
                // Minimum, maximum, noise, flat zone, resolution.
                BinaryPrimitives.WriteInt32LittleEndian(answer[4..], InputEvent.AxisMaximum);
                return 20;
            default:
                return 0;
        }
    }

    private void Add(ushort type, int[] codes)
    {
        var bits = new byte[codes.Max() / 8 + 1];
        foreach (var code in codes)
            bits[code / 8] |= (byte)(1 << code % 8);
        _events.Add((byte)type, bits);
    }
}
