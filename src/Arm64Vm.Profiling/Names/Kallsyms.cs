using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Arm64Vm.Profiling;

/// <summary>The symbol table that a Linux kernel carries in itself (kernel/kallsyms.c, scripts/kallsyms.c), found in its memory image.</summary>
/// <remarks>
/// Names are sequences of bytes that each stand for a token of a table of 256. The tables have no header: that of the tokens is
/// recognized by its digits, the others by where they lie to it and by how they must agree. Up to Linux 6.3 addresses come first, then number, names, markers
/// and tokens; later the addresses come last. Addresses are 32-bit distances from a base that the kernel has relocated.
/// </remarks>
internal static class Kallsyms
{
    private const int Tokens = 256;
    private const int MarkerStep = 256;
    private const int LongestName = 512;
    private const int MostSymbols = 1 << 20;

    /// <summary>Every name has a digit somewhere, so each digit is a token of its own.</summary>
    private static ReadOnlySpan<byte> Digits => "0\01\02\03\04\05\06\07\08\09\0"u8;

    /// <summary>A symbol of any type.</summary>
    public readonly record struct Symbol(ulong Address, char Type, string Name);

    /// <summary>The symbols in the order of the table, by address; null where there is no such table.</summary>
    public static List<Symbol>? Find(ReadOnlySpan<byte> image)
    {
        for (var from = 0; from < image.Length;)
        {
            var at = image[from..].IndexOf(Digits);
            if (at < 0)
                return null;
            if (FindAt(image, from + at) is { } symbols)
                return symbols;
            from += at + 1;
        }

        return null;
    }

    private static List<Symbol>? FindAt(ReadOnlySpan<byte> image, int digits)
    {
        if (!TryFindTokens(image, digits, out var table, out var offsets, out var end))
            return null;
        if (TryFindMarkers(image, table, out var markers) && Read(image, table, offsets, end, table, markers, 0) is { } symbols)
            return symbols;

        // An order by name, of three bytes a symbol, lies between (Linux 6.2 and 6.3, and stable 6.1).
        for (var count = MarkerStep + 1; count <= MostSymbols && Align(count * 3) < table; count++)
        {
            var place = table - Align(count * 3);
            var bytes = Align((count + MarkerStep - 1) / MarkerStep * 4);
            if (place < bytes + 8 || !image.Slice(place - bytes, 4).SequenceEqual("\0\0\0\0"u8))
                continue;
            markers = MemoryMarshal.Cast<byte, uint>(image.Slice(place - bytes, (count + MarkerStep - 1) / MarkerStep * 4));
            if (!Ascends(markers))
                continue;
            if (Read(image, table, offsets, end, place, markers, count) is { } ordered)
                return ordered;
        }

        return null;
    }

    /// <summary>Everything, once tokens and markers are known.</summary>
    private static List<Symbol>? Read(ReadOnlySpan<byte> image, int table, ReadOnlySpan<ushort> offsets, int end, int markersEnd, ReadOnlySpan<uint> markers, int wanted)
    {
        if (!TryFindNames(image, markers, markersEnd, wanted, out var names, out var count))
            return null;
        var bytes = Align(count * 4);
        var before = names - 16;
        return Decode(image, names, count, table, offsets, before - bytes, before)
            ?? Decode(image, names, count, table, offsets, end, end + bytes);
    }

    private static bool Ascends(ReadOnlySpan<uint> markers)
    {
        for (var i = 1; i < markers.Length; i++)
        {
            // A name takes two bytes at least, and few take more than a hundred.
            if (markers[i] - markers[i - 1] is < 2 * MarkerStep or > MarkerStep * LongestName)
                return false;
        }

        return true;
    }

    /// <summary>The table of tokens around its digits, and the offsets of its tokens behind it.</summary>
    private static bool TryFindTokens(ReadOnlySpan<byte> image, int digits, out int table, out ReadOnlySpan<ushort> offsets, out int end)
    {
        offsets = default;
        end = 0;
        table = digits;
        var second = digits;
        for (var token = 0; token < '0'; token++)
        {
            second = table;
            if (table < 2 || image[table - 1] != 0)
                return false;
            table = image[..(table - 1)].LastIndexOf((byte)0) + 1;
            if (table == 0 || digits - table > LongestName * Tokens)
                return false;
        }

        // What is before the first token may end without a zero, so that the two seem to be one. The table is aligned.
        for (table = Align(Math.Max(table, second - LongestName)); table < second; table += 8)
        {
            if (TryReadOffsets(image, table, out offsets, out end))
                return true;
        }

        return false;
    }

    private static bool TryReadOffsets(ReadOnlySpan<byte> image, int table, out ReadOnlySpan<ushort> offsets, out int end)
    {
        offsets = default;
        end = 0;
        Span<int> starts = stackalloc int[Tokens];
        var at = table;
        for (var token = 0; token < Tokens; token++)
        {
            starts[token] = at - table;
            var length = image[at..].IndexOf((byte)0);
            if (length < 0 || at + length + 1 >= image.Length)
                return false;
            at += length + 1;
        }

        at = Align(at);
        if (at + (Tokens * 2) > image.Length)
            return false;
        offsets = MemoryMarshal.Cast<byte, ushort>(image.Slice(at, Tokens * 2));
        end = at + (Tokens * 2);
        for (var token = 0; token < Tokens; token++)
        {
            if (offsets[token] != starts[token])
                return false;
        }

        return true;
    }

    /// <summary>Where each 256th name is: 32-bit numbers that ascend from zero to the table of tokens, with padding.</summary>
    private static bool TryFindMarkers(ReadOnlySpan<byte> image, int table, out ReadOnlySpan<uint> markers)
    {
        markers = default;
        foreach (var padding in (ReadOnlySpan<int>)[0, 4])
        {
            var last = uint.MaxValue;
            for (var at = table - padding - 4; at >= 0; at -= 4)
            {
                var value = BinaryPrimitives.ReadUInt32LittleEndian(image[at..]);
                if (value >= last)
                    break;
                last = value;
                if (value != 0)
                    continue;
                markers = MemoryMarshal.Cast<byte, uint>(image[at..(table - padding)]);
                if (markers.Length < 2)
                    break;
                return true;
            }
        }

        return false;
    }

    /// <summary>The names, with their number before them: at the one place from which they meet every marker.</summary>
    private static bool TryFindNames(ReadOnlySpan<byte> image, ReadOnlySpan<uint> markers, int end, int wanted, out int names, out int count)
    {
        count = 0;
        var first = end - (markers.Length * 4) - 4;
        for (names = (first - (int)Math.Min(markers[^1], int.MaxValue)) & ~7; names >= 8 && first - names - markers[^1] < MarkerStep * LongestName; names -= 8)
        {
            var number = BinaryPrimitives.ReadUInt32LittleEndian(image[(names - 8)..]);
            if (wanted != 0 ? number != wanted : number <= (markers.Length - 1) * MarkerStep || number > markers.Length * MarkerStep)
                continue;
            count = (int)number;
            if (MeetsMarkers(image, markers, names, count))
                return true;
        }

        return false;
    }

    private static bool MeetsMarkers(ReadOnlySpan<byte> image, ReadOnlySpan<uint> markers, int names, int count)
    {
        var at = names;
        for (var i = 0; i < count; i++)
        {
            if (i % MarkerStep == 0 && at - names != markers[i / MarkerStep])
                return false;
            if (!TryGetLength(image, ref at, out var length))
                return false;
            at += length;
        }

        return true;
    }

    /// <summary>One byte, or two with the upper bit of the first set.</summary>
    private static bool TryGetLength(ReadOnlySpan<byte> image, ref int at, out int length)
    {
        length = 0;
        if (at + 2 >= image.Length)
            return false;
        length = image[at++];
        if ((length & 0x80) != 0)
            length = (length & 0x7F) | (image[at++] << 7);
        return length > 0 && at + length <= image.Length;
    }

    private static List<Symbol>? Decode(ReadOnlySpan<byte> image, int names, int count, int table, ReadOnlySpan<ushort> offsets, int addresses, int place)
    {
        if (addresses < 0 || place + 8 > image.Length || place < 0)
            return null;
        var start = BinaryPrimitives.ReadUInt64LittleEndian(image[place..]);
        if (start >> 47 != 0x1_FFFF || !IsAscending(image, addresses, count))
            return null;
        var symbols = new List<Symbol>(count);
        var text = new StringBuilder();
        var at = names;
        for (var i = 0; i < count; i++)
        {
            if (!TryGetLength(image, ref at, out var length))
                return null;
            text.Clear();
            for (var end = at + length; at < end; at++)
            {
                for (var token = table + offsets[image[at]]; image[token] != 0 && text.Length < LongestName; token++)
                    text.Append((char)image[token]);
            }

            if (text.Length < 2)
                return null;
            symbols.Add(new Symbol(start + BinaryPrimitives.ReadUInt32LittleEndian(image[(addresses + (i * 4))..]), text[0], text.ToString(1, text.Length - 1)));
        }

        return symbols;
    }

    private static bool IsAscending(ReadOnlySpan<byte> image, int addresses, int count)
    {
        uint last = 0;
        for (var i = 0; i < count; i++)
        {
            if (addresses + (i * 4) + 4 > image.Length)
                return false;
            var next = BinaryPrimitives.ReadUInt32LittleEndian(image[(addresses + (i * 4))..]);
            if (next < last)
                return false;
            last = next;
        }

        return last > 0;
    }

    private static int Align(int value) => (value + 7) & ~7;
}
