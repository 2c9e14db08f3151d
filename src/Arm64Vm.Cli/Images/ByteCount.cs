using System.Globalization;

namespace Arm64Vm.Cli.Images;

/// <summary>Sizes of disks: 20G, 512M, 64K; a plain number is bytes.</summary>
internal static class ByteCount
{
    private const string Units = "KMGTP";

    /// <exception cref="CliException">It is not a size.</exception>
    public static ulong Parse(string name, string text)
    {
        var digits = text.AsSpan().Trim();
        if (digits.EndsWith("iB", StringComparison.OrdinalIgnoreCase))
            digits = digits[..^2];
        else if (digits.EndsWith("B", StringComparison.OrdinalIgnoreCase))
            digits = digits[..^1];
        var unit = digits.IsEmpty ? -1 : Units.IndexOf(char.ToUpperInvariant(digits[^1]), StringComparison.Ordinal);
        if (unit >= 0)
            digits = digits[..^1];
        var shift = 10 * (unit + 1);
        if (!ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > ulong.MaxValue >> shift)
            throw CliException.Usage($"{name}: '{text}' is not a size; write for example 20G or 512M");
        return number << shift;
    }

    /// <summary>A size for people: 1.5G, with the bytes where that is rounded.</summary>
    public static string Format(ulong bytes)
    {
        var (value, unit) = ((double)bytes, -1);
        while (value >= 1024 && unit < Units.Length - 1)
            (value, unit) = (value / 1024, unit + 1);
        var text = unit < 0 ? $"{bytes}" : string.Create(CultureInfo.InvariantCulture, $"{value:0.##}{Units[unit]}");
        return $"{text} ({bytes} bytes)";
    }
}
