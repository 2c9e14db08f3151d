using System.Globalization;

namespace Arm64Vm.Cli.Bench.Reports;

/// <summary>Numbers as a person reads them.</summary>
internal static class Figure
{
    public static string Ratio(double? value) => value?.ToString("0.00", CultureInfo.InvariantCulture) ?? "";

    public static string Range(Figures.Interval? value) => value is { } interval ? $"{Ratio(interval.Low)}-{Ratio(interval.High)}" : "";

    public static string Percent(double share) => (share * 100).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    public static string Duration(double nanoseconds) => nanoseconds switch
    {
        < 1e6 => (nanoseconds / 1e3).ToString("0.0", CultureInfo.InvariantCulture) + " us",
        < 1e9 => (nanoseconds / 1e6).ToString("0.00", CultureInfo.InvariantCulture) + " ms",
        _ => (nanoseconds / 1e9).ToString("0.00", CultureInfo.InvariantCulture) + " s",
    };

    public static string Count(long value) => value switch
    {
        < 10_000 => value.ToString(CultureInfo.InvariantCulture),
        < 10_000_000 => (value / 1e3).ToString("0.0", CultureInfo.InvariantCulture) + "k",
        < 10_000_000_000 => (value / 1e6).ToString("0.0", CultureInfo.InvariantCulture) + "M",
        _ => (value / 1e9).ToString("0.0", CultureInfo.InvariantCulture) + "G",
    };
}
