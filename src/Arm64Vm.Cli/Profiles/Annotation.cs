using System.Globalization;
using Arm64Vm.Profiling;

namespace Arm64Vm.Cli.Profiles;

/// <summary><c>arm64vm report --annotate</c>: guest instructions, under each its IR and its host code, with samples at every instruction of either.</summary>
internal sealed class Annotation(Profile profile, TextWriter output)
{
    /// <summary>Writes the blocks in a function or at an address, those with most samples first; false where there are none.</summary>
    public bool Write(string what, int blocks)
    {
        var found = Find(what)
            .OrderByDescending(block => block.TotalSamples).ThenByDescending(block => block.Entries).ToList();
        foreach (var block in found.Take(blocks))
            WriteBlock(block);
        return found.Count > 0;
    }

    private IEnumerable<ProfileBlock> Find(string what)
    {
        var digits = what.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? what[2..] : what;
        var named = profile.Blocks.Where(block => block.Symbol >= 0 && IsNamed(block.Symbol, what)).ToList();
        if (named.Count > 0 || !ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var address))
            return named;
        return profile.Blocks.Where(block => address - block.VirtualAddress < (ulong)Math.Max(4, block.GuestCode.Length));
    }

    /// <summary>A function's name, or where several have it module:name, or as the report prints it: name (module).</summary>
    private bool IsNamed(int symbol, string what)
    {
        var (name, module) = (profile.Symbols[symbol].Name, profile.Modules[profile.Symbols[symbol].Module].Name);
        return name == what || $"{module}:{name}" == what || $"{name} ({module})" == what;
    }

    private void WriteBlock(ProfileBlock block)
    {
        var total = block.TotalSamples;
        var name = block.Symbol < 0 ? "" : $" {profile.Symbols[block.Symbol].Name}+{block.VirtualAddress - profile.Symbols[block.Symbol].Address:x}";
        Line($"block {block.VirtualAddress:x}{name}, physical {block.PhysicalAddress:x}, EL{block.ExceptionLevel}, tier {block.Tier}");
        Line($"  {total:N0} samples{(block.Entries >= 0 ? $", {block.Entries:N0} entries" : "")}; {block.GuestInstructions} guest instructions, {block.IrInstructions} of IR, {block.HostSize} bytes of host code ({block.HotSize} hot), made in {block.TranslationTime / 1000.0:0.0} us{(block.RemovalCause == RemovalCause.None ? "" : $"; lost: {block.RemovalCause}")}");
        if (block.HostCode.Length == 0 && block.HostSize > 0)
            output.WriteLine("  (host code is kept of blocks with samples only)");
        foreach (var row in BlockListing.Of(block))
        {
            if (row.Word is { } word)
                Line($"{Share(row.Samples, total)}  {row.Address:x}:  {word:x8}  {row.Text}");
            foreach (var text in row.Ir)
                Line($"{"",8}                      | {text}");
            foreach (var line in row.Host)
                Line($"{Share(line.Samples, total)}                                  {(line.IsCold ? "cold " : "")}{line.Offset,4:x}  {line.Text}");
        }

        output.WriteLine();
    }

    private static string Share(long samples, long total) =>
        samples == 0 ? $"{"",8}" : string.Create(CultureInfo.InvariantCulture, $"{samples * 100.0 / total,7:0.0}%");

    private void Line(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
