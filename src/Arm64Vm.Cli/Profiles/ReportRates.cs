using System.Globalization;
using System.Text.Json;
using Arm64Vm.Profiling;

namespace Arm64Vm.Cli.Profiles;

/// <summary>Rates of hits, and what the host's registers were short of: as far as a recording counted entries.</summary>
internal static class ReportRates
{
    /// <summary>Blocks by what their spills and stored flags cost: these are of the code, weighted by entries.</summary>
    public static IEnumerable<ProfileBlock> Costly(Profile profile) =>
        profile.Blocks.Where(block => block.Entries > 0 && block.Costs.Spills + block.Costs.FlagStores > 0).OrderByDescending(block => block.Entries * (block.Costs.Spills + block.Costs.FlagStores));

    public static void Write(Profile profile, int lines, TextWriter output)
    {
        if (!profile.Info.IsExact)
            return;
        output.WriteLine("           COUNT      HITS  RATE");
        foreach (var rate in HitRate.Of(profile))
            Line($"{(rate.IsAtMost ? "<=" : ""),2}{rate.Count,14:N0} {rate.Hits * 100,8:0.00}%  {rate.Name}");
        output.WriteLine();
        output.WriteLine("          SPILLS    FLAG STORES        ENTRIES  BLOCK");
        Line($"<={Sum(profile, block => block.Costs.Spills),14:N0} {Sum(profile, block => block.Costs.FlagStores),14:N0} {Sum(profile, _ => 1),14:N0}  all");
        foreach (var block in Costly(profile).Take(lines))
        {
            var place = block.Symbol < 0 ? "" : $" {profile.Symbols[block.Symbol].Name}+{block.VirtualAddress - profile.Symbols[block.Symbol].Address:x}";
            Line($"<={block.Entries * block.Costs.Spills,14:N0} {block.Entries * block.Costs.FlagStores,14:N0} {block.Entries,14:N0}  {block.VirtualAddress:x}{place}");
        }

        output.WriteLine();

        void Line(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>An object named "rates"; empty where entries were not counted.</summary>
    public static void Write(Profile profile, Utf8JsonWriter json)
    {
        json.WriteStartObject("rates");
        foreach (var rate in HitRate.Of(profile))
        {
            json.WriteStartObject(rate.Name.Replace(' ', '_'));
            json.WriteNumber("count", rate.Count);
            json.WriteNumber("misses", rate.Misses);
            json.WriteBoolean("count_is_at_most", rate.IsAtMost);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static long Sum(Profile profile, Func<ProfileBlock, long> value) => profile.Blocks.Sum(block => Math.Max(0, block.Entries) * value(block));
}
