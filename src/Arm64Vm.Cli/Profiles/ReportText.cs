using System.Globalization;
using Arm64Vm.Profiling;

namespace Arm64Vm.Cli.Profiles;

/// <summary>A profile as tables, most first, and as findings.</summary>
internal sealed class ReportText(Profile profile, int lines, TextWriter output)
{
    private readonly FunctionTable _functions = FunctionTable.Of(profile);

    public void Write()
    {
        WriteHead();
        WritePlaces();
        WriteFunctions();
        WriteShares("MODULE", _functions.Modules);
        if (profile.Processes.Count > 0)
            WriteShares("PROCESS", _functions.Processes);
        WriteBlocks();
        WritePages();
        WriteExits();
        ReportRates.Write(profile, lines, output);
        WriteMisses();
        WriteInvalidations();
        WriteRetranslations();
        output.WriteLine("FINDINGS");
        var number = 0;
        foreach (var finding in Findings.Of(profile, _functions))
            Line($"{++number,3}. {finding}");
        if (number == 0)
            output.WriteLine("     None: nothing stands out.");
    }

    private void WriteHead()
    {
        var info = profile.Info;
        Line($"{info.Guest}, {info.Processors} processor{(info.Processors == 1 ? "" : "s")}, {info.Duration / 1e9:0.00} s from {info.Start:yyyy-MM-dd HH:mm:ss} UTC");
        Line($"arm64vm {info.Version}, {info.Backend} on {info.Host}");
        Line($"{profile.Samples.Sum(sample => (long)sample.Weight):N0} samples, one each {info.SampleInterval / 1000} us{(info.IsExact ? "; entries counted" : "")}{(info.DroppedSamples > 0 ? $"; {info.DroppedSamples:N0} dropped" : "")}");
        output.WriteLine();
    }

    private void WritePlaces()
    {
        var all = Math.Max(1, profile.Places.Sum());
        output.WriteLine("   SHARE        TIME  WALL TIME");
        for (var i = 0; i < ProfilePlaces.Count; i++)
            Line($"{profile.Places[i] * 100.0 / all,7:0.0}% {profile.Places[i] / 1e6,8:N0} ms  {ProfilePlaces.Name((ProfilePlace)i)}");
        output.WriteLine();
    }

    private void WriteFunctions()
    {
        output.WriteLine("    SELF   TOTAL  EMITTED  SAMPLES  FUNCTION");
        foreach (var row in _functions.Functions.Where(row => row.Self > 0).Take(lines))
            Line($"{Share(row.Self)} {Share(row.Total)} {row.Emitted * 100.0 / Math.Max(1, row.Self),7:0}% {row.Self,8:N0}  {Findings.Title(row)}");
        output.WriteLine();
    }

    private void WriteShares(string title, IReadOnlyList<ShareRow> rows)
    {
        Line($"    SELF  SAMPLES  {title}");
        foreach (var row in rows.Take(lines))
            Line($"{Share(row.Samples)} {row.Samples,8:N0}  {(row.Name.Length == 0 ? "-" : row.Name)}");
        output.WriteLine();
    }

    private void WriteBlocks()
    {
        Line($"    SELF  SAMPLES {(profile.Info.IsExact ? "      ENTRIES" : "")}  GUEST   IR  HOST      MADE  BLOCK");
        var blocks = profile.Blocks.Select(block => (Block: block, Samples: block.TotalSamples)).Where(one => one.Samples > 0 || one.Block.Entries > 0)
            .OrderByDescending(one => one.Samples).ThenByDescending(one => one.Block.Entries).Take(lines);
        foreach (var (block, samples) in blocks)
            Line($"{Share(samples)} {samples,8:N0} {(profile.Info.IsExact ? $"{block.Entries,13:N0}" : "")} {block.GuestInstructions,6} {block.IrInstructions,4} {block.HostSize,5} {block.TranslationTime / 1000.0,6:0} us  {block.VirtualAddress:x} EL{block.ExceptionLevel} {Place(block.VirtualAddress, block.Symbol)}{(block.RemovalCause == RemovalCause.None ? "" : $" (lost: {block.RemovalCause})")}");
        output.WriteLine();
    }

    private void WritePages()
    {
        output.WriteLine("    SELF  SAMPLES  BLOCKS  HOST BYTES    LOST   AGAIN  PAGE OF CODE");
        foreach (var page in CodePage.Of(profile).Where(page => page.Samples > 0 || page.Again > 0).OrderByDescending(page => page.Samples).ThenByDescending(page => page.Again).Take(lines))
            Line($"{Share(page.Samples)} {page.Samples,8:N0} {page.Blocks,7:N0} {page.Bytes,11:N0} {page.Lost,7:N0} {page.Again,7:N0}  {page.Address:x} {page.Name}");
        output.WriteLine();
    }

    private void WriteExits()
    {
        var seconds = Math.Max(1e-9, profile.Info.Duration / 1e9);
        output.WriteLine("       COUNT  A SECOND  EXIT");
        foreach (var group in profile.Exits.GroupBy(exit => exit.Reason).Select(group => (Reason: group.Key, Count: group.Sum(exit => exit.Count), Top: group.Take(3).ToList())).OrderByDescending(group => group.Count).Take(lines))
            Line($"{group.Count,12:N0} {group.Count / seconds,9:N0}  {group.Reason}: {string.Join(", ", group.Top.Select(exit => $"{exit.Count * 100.0 / group.Count:0}% {exit.Site:x} {Place(exit.Site, exit.Symbol)}"))}");
        output.WriteLine();
    }

    private void WriteMisses()
    {
        output.WriteLine("       COUNT  KIND   PAGE              MISSED IN THE INLINE TLB BY");
        foreach (var group in profile.Misses.GroupBy(miss => (miss.Kind, miss.Page, miss.Process)).Select(group => (group.Key, Count: group.Sum(miss => miss.Count), Top: group.First())).OrderByDescending(group => group.Count).Take(lines))
            Line($"{group.Count,12:N0}  {group.Key.Kind,-5}  {group.Key.Page,16:x}  {group.Top.Site:x} {Place(group.Top.Site, group.Top.Symbol)}");
        output.WriteLine();
    }

    private void WriteInvalidations()
    {
        if (profile.Invalidations.Count == 0)
            return;
        output.WriteLine("      BLOCKS     TIMES   PAGES  LOST BY");
        foreach (var group in profile.Invalidations.GroupBy(one => (one.Cause, one.Symbol, Site: one.Symbol < 0 ? one.Site : 0))
            .Select(group => (group.Key, Blocks: group.Sum(one => one.Blocks), Count: group.Sum(one => one.Count), Pages: group.Select(one => one.Page).Where(page => page != 0).Distinct().Count(), Top: group.MaxBy(one => one.Blocks)))
            .OrderByDescending(group => group.Blocks).Take(lines))
            Line($"{group.Blocks,12:N0} {group.Count,9:N0} {group.Pages,7:N0}  {group.Key.Cause}{(group.Top.Site != 0 ? $" at {group.Top.Site:x} {Place(group.Top.Site, group.Top.Symbol)}" : "")}{(group.Top.Page != 0 ? $", most in page {group.Top.Page:x}" : "")}");
        output.WriteLine();
    }

    private void WriteRetranslations()
    {
        if (profile.Retranslations.Count == 0)
            return;
        const string Prefix = "translated again after ";
        var causes = profile.Counters.Where(one => one.Key.StartsWith(Prefix, StringComparison.Ordinal)).OrderByDescending(one => one.Value).Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Value:N0} after {one.Key[Prefix.Length..]}"));
        Line($"       TIMES      TIME  TRANSLATED AGAIN FROM THE SAME BYTES ({string.Join(", ", causes)})");
        foreach (var one in profile.Retranslations.Take(lines))
            Line($"{one.Count,12:N0} {one.Time / 1000.0,6:N0} us  {one.VirtualAddress:x} {Place(one.VirtualAddress, one.Symbol)}");
        output.WriteLine();
    }

    private string Share(long samples) => string.Create(CultureInfo.InvariantCulture, $"{samples * 100.0 / Math.Max(1, _functions.Samples),7:0.00}%");

    private string Place(ulong address, int symbol) => symbol < 0 ? "" : $"{profile.Symbols[symbol].Name}+{address - profile.Symbols[symbol].Address:x}";

    private void Line(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
