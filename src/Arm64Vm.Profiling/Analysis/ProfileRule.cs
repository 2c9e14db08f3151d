using System.Globalization;

namespace Arm64Vm.Profiling;

/// <summary>A limit that a profile is held to: <c>measure &lt; number</c>, with a per cent sign for shares.</summary>
/// <remarks>
/// Measures: the places of the wall-time split (<c>translate</c>, <c>run loop</c>, …: share of the wall time), <c>function NAME</c> (share of the guest's time),
/// <c>exits</c>, <c>exits REASON</c>, <c>misses</c> (a second), <c>retranslations</c>, <c>lost CAUSE</c> (units), <c>counter NAME</c>.
/// </remarks>
internal sealed record ProfileRule(string Measure, string Comparison, double Limit, bool IsShare, string Text)
{
    /// <summary>Reads a rule; null, with the reason, where it is none.</summary>
    public static ProfileRule? Parse(string text, out string mistake)
    {
        mistake = "";
        foreach (var comparison in (ReadOnlySpan<string>)["<=", ">=", "<", ">"])
        {
            var at = text.IndexOf(comparison, StringComparison.Ordinal);
            if (at < 0)
                continue;
            var measure = text[..at].Trim();
            var number = text[(at + comparison.Length)..].Trim();
            var isShare = number.EndsWith('%');
            if (!double.TryParse(number.TrimEnd('%').Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var limit) || !double.IsFinite(limit))
            {
                mistake = $"'{number}' is not a number";
                return null;
            }

            return new ProfileRule(measure, comparison, limit, isShare, text.Trim());
        }

        mistake = $"'{text}' compares nothing; a rule is such as 'translate < 5%'";
        return null;
    }

    /// <summary>The measured value, in per cent for shares; null, with the reason, where there is no such measure.</summary>
    public double? Measured(Profile profile, FunctionTable functions, out string mistake)
    {
        mistake = "";
        var seconds = Math.Max(1e-9, profile.Info.Duration / 1e9);
        for (var i = 0; i < ProfilePlaces.Count; i++)
        {
            if (Measure == ProfilePlaces.Name((ProfilePlace)i))
                return Checked(true, profile.Places[i] / (double)Math.Max(1, profile.Places.Sum()) * 100, out mistake);
        }

        var (kind, name) = Measure.IndexOf(' ', StringComparison.Ordinal) is > 0 and var at ? (Measure[..at], Measure[(at + 1)..].Trim()) : (Measure, "");
        switch (kind)
        {
            case "function" when name.Length > 0:
                return Checked(true, functions.Functions.Where(row => row.Name == name || Findings.Title(row) == name).Sum(row => row.Self) / (double)Math.Max(1, functions.Samples) * 100, out mistake);
            case "exits":
                return Checked(false, profile.Exits.Where(exit => name.Length == 0 || exit.Reason == name).Sum(exit => exit.Count) / seconds, out mistake);
            case "misses" when name.Length == 0:
                return Checked(false, profile.Misses.Sum(miss => miss.Count) / seconds, out mistake);
            case "retranslations" when name.Length == 0:
                return Checked(false, profile.Retranslations.Sum(one => one.Count), out mistake);
            case "lost" when Enum.TryParse<RemovalCause>(name, ignoreCase: true, out var cause):
                return Checked(false, profile.Invalidations.Where(one => one.Cause == cause).Sum(one => one.Blocks), out mistake);
            case "counter" when profile.Counters.TryGetValue(name, out var value):
                return Checked(false, value, out mistake);
        }

        mistake = $"there is no measure '{Measure}'";
        return null;
    }

    public bool Holds(double measured) => Comparison switch
    {
        "<" => measured < Limit,
        "<=" => measured <= Limit,
        ">" => measured > Limit,
        _ => measured >= Limit,
    };

    private double? Checked(bool share, double value, out string mistake)
    {
        mistake = share == IsShare ? "" : share ? $"'{Measure}' is a share: say {Limit}%" : $"'{Measure}' is a number, not a share";
        return share == IsShare ? value : null;
    }
}
