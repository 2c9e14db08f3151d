using System.Globalization;

namespace Arm64Vm.Ir.Tests.SoftFloat;

internal enum FpOperandKind
{
    General,
    Scalar,
    Vector,
    Element,
    Immediate,
    Condition,
}

/// <summary>An operand of a disassembled instruction: w3, d4, v5.4s, v6.h[2], #7, #0.0, eq.</summary>
internal readonly record struct FpOperand(FpOperandKind Kind, int Index, int Width, int Lanes, int Lane, int Immediate, string Text)
{
    public static FpOperand Parse(string text)
    {
        if (text[0] == '#')
        {
            string number = text[1..];
            int value = number.StartsWith("0x", StringComparison.Ordinal)
                ? int.Parse(number.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
                : (int)double.Parse(number, CultureInfo.InvariantCulture);
            return new FpOperand(FpOperandKind.Immediate, 0, 0, 0, 0, value, text);
        }

        if (text is "xzr" or "wzr")
            return new FpOperand(FpOperandKind.General, 31, text[0] == 'w' ? 32 : 64, 1, 0, 0, text);

        int dot = text.IndexOf('.', StringComparison.Ordinal);
        if (!int.TryParse(text.AsSpan(1, (dot < 0 ? text.Length : dot) - 1), CultureInfo.InvariantCulture, out int index))
            return new FpOperand(FpOperandKind.Condition, 0, 0, 0, 0, 0, text);
        if (dot < 0)
        {
            return text[0] is 'w' or 'x'
                ? new FpOperand(FpOperandKind.General, index, text[0] == 'w' ? 32 : 64, 1, 0, 0, text)
                : new FpOperand(FpOperandKind.Scalar, index, WidthOf(text[0]), 1, 0, 0, text);
        }

        string shape = text[(dot + 1)..];
        int bracket = shape.IndexOf('[', StringComparison.Ordinal);
        if (bracket >= 0)
        {
            int lane = int.Parse(shape.AsSpan((bracket + 1)..^1), CultureInfo.InvariantCulture);
            int letter = bracket - 1;
            return new FpOperand(FpOperandKind.Element, index, WidthOf(shape[letter]), 1, lane, 0, text);
        }

        int lanes = int.Parse(shape.AsSpan(..^1), CultureInfo.InvariantCulture);
        return new FpOperand(FpOperandKind.Vector, index, WidthOf(shape[^1]), lanes, 0, 0, text);
    }

    private static int WidthOf(char letter) => letter switch
    {
        'h' => 16,
        's' => 32,
        'd' => 64,
        _ => throw new FormatException($"width {letter}"),
    };
}
