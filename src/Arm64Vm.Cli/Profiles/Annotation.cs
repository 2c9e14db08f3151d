using System.Buffers.Binary;
using System.Globalization;
using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Isa;
using Arm64Vm.Profiling;
using Arm64Vm.Translation;
using Arm64Vm.Translation.Profiling;
using Iced.Intel;

namespace Arm64Vm.Cli.Profiles;

/// <summary><c>arm64vm report --annotate</c>: guest instructions, under each its IR and its host code, with samples at every instruction of either.</summary>
internal sealed class Annotation(Profile profile, TextWriter output)
{
    private const int SideExits = 3;

    /// <summary>Writes the blocks in a function or at an address, those with most samples first; false where there are none.</summary>
    public bool Write(string what, int blocks)
    {
        var found = Find(what).Where(block => block.HostCode.Length > 0 || block.Entries > 0)
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

    /// <summary>A function's name, or module:name where several have it.</summary>
    private bool IsNamed(int symbol, string what)
    {
        var (name, module) = (profile.Symbols[symbol].Name, profile.Modules[profile.Symbols[symbol].Module].Name);
        return name == what || $"{module}:{name}" == what;
    }

    private void WriteBlock(ProfileBlock block)
    {
        var total = block.TotalSamples;
        var name = block.Symbol < 0 ? "" : $" {profile.Symbols[block.Symbol].Name}+{block.VirtualAddress - profile.Symbols[block.Symbol].Address:x}";
        Line($"block {block.VirtualAddress:x}{name}, physical {block.PhysicalAddress:x}, EL{block.ExceptionLevel}, tier {block.Tier}");
        Line($"  {total:N0} samples{(block.Entries >= 0 ? $", {block.Entries:N0} entries" : "")}; {block.GuestInstructions} guest instructions, {block.IrInstructions} of IR, {block.HostSize} bytes of host code ({block.HotSize} hot), made in {block.TranslationTime / 1000.0:0.0} us{(block.RemovalCause == RemovalCause.None ? "" : $"; lost: {block.RemovalCause}")}");
        var samples = block.SamplesByInstruction();
        var ir = IrListing.Of(block.GuestCode, block.VirtualAddress, new TranslationMode(block.Mode), SideExits).ToLookup(line => line.GuestOffset, line => line.Text);
        var host = Disassemble(block).ToLookup(line => line.GuestOffset);
        foreach (var line in host[-1])
            WriteHost(line, total);
        for (var offset = 0; offset + 4 <= block.GuestCode.Length; offset += 4)
        {
            var word = BinaryPrimitives.ReadUInt32LittleEndian(block.GuestCode.AsSpan(offset));
            var address = block.VirtualAddress + (ulong)offset;
            Line($"{Share(samples[offset / 4], total)}  {address:x}:  {word:x8}  {A64Disassembler.Disassemble(word, address).Replace('\t', ' ')}");
            foreach (var text in ir[offset])
                Line($"{"",8}                      | {text}");
            foreach (var line in host[offset])
                WriteHost(line, total);
        }

        output.WriteLine();
    }

    private void WriteHost(HostLine line, long total) =>
        Line($"{Share(line.Samples, total)}                                  {(line.IsCold ? "cold " : "")}{line.Offset,4:x}  {line.Text}");

    /// <summary>Host instructions, with what they belong to. Records of slow paths lie between them, where decoding goes astray: it begins anew at each entry of the map.</summary>
    private static IEnumerable<HostLine> Disassemble(ProfileBlock block)
    {
        var formatter = new NasmFormatter();
        var text = new StringOutput();
        for (var piece = -1; piece < block.Map.Length; piece++)
        {
            var start = piece < 0 ? 0 : block.Map[piece].HostOffset;
            var end = piece + 1 < block.Map.Length ? block.Map[piece + 1].HostOffset : block.HostCode.Length;
            if (start >= end || end > block.HostCode.Length)
                continue;
            var decoder = Decoder.Create(64, block.HostCode.AsSpan(start, end - start).ToArray(), (ulong)start);
            while (decoder.IP < (ulong)end)
            {
                decoder.Decode(out var instruction);
                if (instruction.IsInvalid)
                    break;
                formatter.Format(instruction, text);
                var offset = (int)instruction.IP;
                var count = block.Samples.Where(one => one.HostOffset >= offset && one.HostOffset < offset + instruction.Length).Sum(one => one.Count);
                yield return new HostLine(piece < 0 ? -1 : block.Map[piece].GuestOffset, offset, offset >= block.HotSize, text.ToStringAndReset(), count);

                // Behind the call of a routine that leaves there is a record of what is wanted, and then code again or the next piece.
                if (instruction.Code == Code.Call_rel32_64 && instruction.NearBranchTarget >= (ulong)block.HostCode.Length)
                    decoder = After(block, end, offset + instruction.Length);
            }
        }
    }

    private static Decoder After(ProfileBlock block, int end, int at)
    {
        var record = at < end && MemoryRecord.Is(block.HostCode[at]) ? MemoryRecord.SizeInBytes : SlowDescriptor.SizeInBytes;
        at = Math.Min(end, at + record);
        return Decoder.Create(64, block.HostCode.AsSpan(at, end - at).ToArray(), (ulong)at);
    }

    private static string Share(long samples, long total) =>
        samples == 0 ? $"{"",8}" : string.Create(CultureInfo.InvariantCulture, $"{samples * 100.0 / total,7:0.0}%");

    private void Line(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    private readonly record struct HostLine(int GuestOffset, int Offset, bool IsCold, string Text, long Samples);
}
