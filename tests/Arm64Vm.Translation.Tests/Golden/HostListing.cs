using System.Runtime.InteropServices;
using System.Text;
using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Translation.Jit;
using Iced.Intel;

namespace Arm64Vm.Translation.Tests.Golden;

/// <summary>Disassembles a unit with names for all addresses, so that the text does not depend on where the code lies.</summary>
internal sealed class HostListing
{
    private readonly TranslationCache cache;
    private readonly ulong start;
    private readonly byte[] code;
    private readonly int hotSize;
    private readonly List<Instruction> instructions = [];
    private readonly HostSymbols symbols;
    private CodeSize size;

    private HostListing(TranslationCache cache, int unit, int hotSize)
    {
        this.cache = cache;
        this.hotSize = hotSize;
        start = (ulong)cache.EntryOf(unit);
        code = cache.CodeOf(unit).ToArray();
        symbols = new HostSymbols(cache, unit, code.Length);
    }

    /// <summary>Appends the code of a unit, one instruction a line.</summary>
    public static CodeSize Append(StringBuilder text, TranslationCache cache, int unit, int hotSize)
    {
        HostListing listing = new(cache, unit, hotSize);
        // First for the labels, then for the text.
        listing.Walk(null);
        listing.size = default;
        listing.Walk(text);
        return listing.size;
    }

    private void Walk(StringBuilder? text)
    {
        IntelFormatter formatter = new(symbols);
        formatter.Options.HexPrefix = "0x";
        formatter.Options.HexSuffix = null;
        formatter.Options.UppercaseHex = false;
        formatter.Options.SpaceAfterOperandSeparator = true;
        formatter.Options.ShowBranchSize = false;
        StringOutput output = new();
        ByteArrayCodeReader reader = new(code);
        var decoder = Iced.Intel.Decoder.Create(64, reader);
        for (int position = 0; position < code.Length;)
        {
            if (position == hotSize)
                text?.Append("cold\n");
            if (symbols.LabelAt(position) is { } label)
                text?.Append(' ').Append(label).Append(":\n");
            reader.Position = position;
            decoder.IP = start + (ulong)position;
            decoder.Decode(out Instruction instruction);
            Count(position, instruction.Length, instruction: true);
            position += instruction.Length;
            symbols.Note(instruction);
            if (text is not null)
            {
                formatter.Format(instruction, output);
                text.Append("  ").Append(output.ToStringAndReset());
            }

            if (instruction.IsCallNear && symbols.HasRecord(instruction.NearBranchTarget))
            {
                bool isLink = symbols.IsLink(instruction.NearBranchTarget);
                int jump = isLink ? 0 : MemoryRecord.BytesBefore(code[position]);
                if (jump != 0)
                {
                    // Where the access goes on that the stub served: a jump, and the record behind it.
                    reader.Position = position;
                    decoder.IP = start + (ulong)position;
                    decoder.Decode(out instruction);
                    Count(position, jump, instruction: true);
                    symbols.Note(instruction);
                    text?.Append($" found {symbols.LabelAt((int)(instruction.NearBranchTarget - start))}");
                    position += jump;
                }

                position += isLink ? AppendLink(text, position) : AppendRecord(text, position);
            }

            text?.Append('\n');
        }
    }

    /// <summary>The link site named at a position behind a call; bytes of the name.</summary>
    private int AppendLink(StringBuilder? text, int position)
    {
        Count(position, sizeof(int), instruction: false);
        text?.Append(SlowRecordText.Of(cache.Site(MemoryMarshal.Read<int>(code.AsSpan(position)))));
        return sizeof(int);
    }

    /// <summary>The record at a position behind a call; its size in bytes.</summary>
    private int AppendRecord(StringBuilder? text, int position)
    {
        bool access = MemoryRecord.Is(code[position]);
        int length = access ? MemoryRecord.SizeInBytes : SlowDescriptor.SizeInBytes;
        Count(position, length, instruction: false);
        if (!access)
        {
            text?.Append(SlowRecordText.Of(cache, MemoryMarshal.Read<SlowDescriptor>(code.AsSpan(position))));
            return length;
        }

        MemoryRecord record = new(MemoryMarshal.Read<ulong>(code.AsSpan(position)));
        symbols.Note(position + record.Resume);
        text?.Append(SlowRecordText.Of(cache, record.Unpack()));
        if (record.Windows != 0)
            text?.Append($" ends {string.Join(", ", Enumerable.Range(0, HostAbi.PoolGpr.Length).Where(i => (record.Windows >> i & 1) != 0).Select(i => HostSymbols.NameOf(HostAbi.PoolGpr[i])))}");
        if (record.Resume < 0)
            text?.Append($" then {symbols.LabelAt(position + record.Resume)}");
        return length;
    }

    private void Count(int position, int bytes, bool instruction)
    {
        int one = instruction ? 1 : 0;
        size += position < hotSize ? new CodeSize(one, bytes, 0, 0) : new CodeSize(0, 0, one, bytes);
    }
}
