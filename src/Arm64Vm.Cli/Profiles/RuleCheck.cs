using System.Globalization;
using Arm64Vm.Profiling;

namespace Arm64Vm.Cli.Profiles;

/// <summary><c>arm64vm report --check</c>.</summary>
internal static class RuleCheck
{
    /// <summary>Holds a profile to rules, each given as it is or in a file; false where one is broken.</summary>
    /// <exception cref="CliException">A rule cannot be read, or measures nothing.</exception>
    public static bool Run(Profile profile, IReadOnlyList<string> sources, TextWriter output)
    {
        List<ProfileRule> rules = [.. sources.SelectMany(Read)];
        if (rules.Count == 0)
            throw CliException.Usage("--check: there is no rule");
        var functions = FunctionTable.Of(profile);
        var holds = true;
        foreach (var rule in rules)
        {
            var measured = rule.Measured(profile, functions, out var mistake) ?? throw CliException.Usage($"--check: {mistake}");
            var kept = rule.Holds(measured);
            holds &= kept;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(kept ? "ok    " : "broken")}  {rule.Text}  (is {measured:0.##}{(rule.IsShare ? " %" : "")})"));
        }

        return holds;
    }

    private static IEnumerable<ProfileRule> Read(string source)
    {
        var lines = File.Exists(source) ? File.ReadAllLines(source) : [source];
        foreach (var line in lines)
        {
            var text = line.Split('#')[0].Trim();
            if (text.Length > 0)
                yield return ProfileRule.Parse(text, out var mistake) ?? throw CliException.Usage($"--check: {mistake}");
        }
    }
}
