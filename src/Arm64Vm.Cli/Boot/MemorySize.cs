using System.Globalization;

namespace Arm64Vm.Cli.Boot;

/// <summary>Sizes as people write them: 512M, 2G, 65536K; a plain number is mebibytes.</summary>
internal static class MemorySize
{
    /// <exception cref="CliException">It is not a size.</exception>
    public static ulong Parse(string option, string text)
    {
        var digits = text.AsSpan().Trim();
        if (digits.EndsWith("B", StringComparison.OrdinalIgnoreCase))
            digits = digits[..^1];
        if (digits.EndsWith("i", StringComparison.OrdinalIgnoreCase))
            digits = digits[..^1];
        var shift = 20;
        if (!digits.IsEmpty && !char.IsAsciiDigit(digits[^1]))
        {
            shift = char.ToUpperInvariant(digits[^1]) switch { 'K' => 10, 'M' => 20, 'G' => 30, 'T' => 40, _ => -1 };
            digits = digits[..^1];
        }

        if (shift < 0 || !ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            throw CliException.Usage($"{option}: '{text}' is not a size; write for example 512M or 2G");
        if (number == 0 || number > ulong.MaxValue >> shift)
            throw CliException.Usage($"{option}: {text} of memory is impossible");
        return number << shift;
    }
}
