using System.Globalization;
using System.Text;
using Arm64Vm.Isa;

namespace Arm64Vm.Machine.Debugging.Monitor;

/// <summary>Memory as text: <c>x /8xg ADDRESS</c>, with a count, a format (x, d, u, o, c, i) and a size (b, h, w, g) in any order.</summary>
internal static class MemoryText
{
    private const int MostUnits = 4096;

    /// <summary>What the command shows; null: the machine runs.</summary>
    public static string? Show(VirtualMachine machine, int processor, string line)
    {
        var isPhysical = line.TrimStart().StartsWith("xp", StringComparison.Ordinal);
        var rest = line.TrimStart()[(isPhysical ? 2 : 1)..].Trim();
        var (count, format, size) = (1, 'x', 4);
        if (rest.StartsWith('/'))
        {
            var end = rest.IndexOf(' ', StringComparison.Ordinal);
            if (end < 0 || !TryParse(rest[1..end], ref count, ref format, ref size))
                return Usage;
            rest = rest[end..].Trim();
        }

        if (!TryParseAddress(rest, out var address))
            return Usage;
        if (format == 'i')
            size = 4;
        return machine.Inspect(board =>
        {
            var bytes = new byte[count * size];
            var read = MachineTarget.Read(board, processor, address, isPhysical, bytes);
            var text = Format(bytes.AsSpan(0, read - (read % size)), address, format, size);
            return read == bytes.Length ? text : text + string.Create(CultureInfo.InvariantCulture, $"Cannot access memory at 0x{address + (ulong)read:x}\n");
        });
    }

    private const string Usage = "usage: x /FORMAT ADDRESS, such as x /8xg 0x40000000: count, then x d u o c or i, then b h w or g\n";

    private static bool TryParse(string text, ref int count, ref char format, ref int size)
    {
        var digits = text.TakeWhile(char.IsAsciiDigit).Count();
        if (digits > 0 && (!int.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out count) || count is < 1 or > MostUnits))
            return false;
        foreach (var letter in text.AsSpan(digits))
        {
            switch (letter)
            {
                case 'x' or 'd' or 'u' or 'o' or 'c' or 'i':
                    format = letter;
                    break;
                case 'b':
                    size = 1;
                    break;
                case 'h':
                    size = 2;
                    break;
                case 'w':
                    size = 4;
                    break;
                case 'g':
                    size = 8;
                    break;
                default:
                    return false;
            }
        }

        return true;
    }

    private static bool TryParseAddress(string text, out ulong address) =>
        text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out address)
            : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out address);

    private static string Format(ReadOnlySpan<byte> bytes, ulong address, char format, int size)
    {
        var text = new StringBuilder();
        var perLine = format == 'i' ? 1 : 16 / size;
        for (var unit = 0; unit * size < bytes.Length; unit++)
        {
            var at = address + (ulong)(unit * size);
            if (unit % perLine == 0)
                text.Append(CultureInfo.InvariantCulture, $"{(unit == 0 ? "" : "\n")}{at:x16}:");
            ulong value = 0;
            for (var i = size - 1; i >= 0; i--)
                value = (value << 8) | bytes[(unit * size) + i];
            var signed = (long)(value << (64 - (size * 8))) >> (64 - (size * 8));
            text.Append(' ').Append(format switch
            {
                'd' => signed.ToString(CultureInfo.InvariantCulture),
                'u' => value.ToString(CultureInfo.InvariantCulture),
                'o' => "0" + Convert.ToString((long)value, 8),
                'c' => value is >= 0x20 and < 0x7F ? $"'{(char)value}'" : string.Create(CultureInfo.InvariantCulture, $"'\\x{value:x2}'"),
                'i' => A64Disassembler.Disassemble((uint)value, at),
                _ => "0x" + value.ToString("x" + (size * 2), CultureInfo.InvariantCulture),
            });
        }

        return bytes.IsEmpty ? string.Empty : text.Append('\n').ToString();
    }
}
