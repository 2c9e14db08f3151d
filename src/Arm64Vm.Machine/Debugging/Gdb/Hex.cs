using System.Text;

namespace Arm64Vm.Machine.Debugging.Gdb;

/// <summary>Hexadecimal numbers and bytes, as packets have them.</summary>
internal static class Hex
{
    /// <summary>0 to 15; −1: it is no digit.</summary>
    public static int DigitOf(byte digit) => digit switch
    {
        >= (byte)'0' and <= (byte)'9' => digit - '0',
        >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
        _ => -1,
    };

    /// <summary>Takes a number of 1 to 16 digits from the front.</summary>
    public static bool TryTakeNumber(ref ReadOnlySpan<byte> text, out ulong value)
    {
        value = 0;
        var digits = 0;
        while (digits < text.Length && DigitOf(text[digits]) is >= 0 and var digit)
        {
            if (++digits > 16)
                return false;
            value = (value << 4) | (uint)digit;
        }

        text = text[digits..];
        return digits > 0;
    }

    /// <summary>Takes one character from the front.</summary>
    public static bool TryTake(ref ReadOnlySpan<byte> text, char character)
    {
        if (text.IsEmpty || text[0] != character)
            return false;
        text = text[1..];
        return true;
    }

    /// <summary>Takes the rest as bytes of two digits each; null: it is not that.</summary>
    public static byte[]? ToBytes(ReadOnlySpan<byte> text)
    {
        if ((text.Length & 1) != 0)
            return null;
        var bytes = new byte[text.Length / 2];
        for (var i = 0; i < bytes.Length; i++)
        {
            int high = DigitOf(text[2 * i]), low = DigitOf(text[(2 * i) + 1]);
            if (high < 0 || low < 0)
                return null;
            bytes[i] = (byte)((high << 4) | low);
        }

        return bytes;
    }

    public static StringBuilder AppendHex(this StringBuilder text, ReadOnlySpan<byte> bytes) => text.Append(Convert.ToHexStringLower(bytes));
}
