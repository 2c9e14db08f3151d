using System.Text;

namespace Arm64Vm.Profiling;

/// <summary>Reads what <see cref="PayloadWriter"/> wrote, from bytes that anybody may have written: every number is checked before it is used.</summary>
internal ref struct PayloadReader(ReadOnlySpan<byte> bytes, string[] strings)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at;

    public readonly bool IsAtEnd => _at == _bytes.Length;

    /// <exception cref="ProfileFormatException">The section ends within it, or it has more than 64 bits.</exception>
    public ulong Unsigned()
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            if (_at >= _bytes.Length || shift > 63)
                throw Damaged();
            var next = _bytes[_at++];
            if (shift == 63 && next > 1)
                throw Damaged();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return value;
        }
    }

    public long Signed()
    {
        var value = Unsigned();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public int Int() => Signed() is >= int.MinValue and <= int.MaxValue and var value ? (int)value : throw Damaged();

    /// <summary>An index into a list of <paramref name="count"/>, or −1.</summary>
    public int Index(int count) => Signed() is >= -1 and var value && value < count ? (int)value : throw Damaged();

    public byte Byte() => Unsigned() is <= 255 and var value ? (byte)value : throw Damaged();

    public bool Bool() => Unsigned() is <= 1 and var value ? value == 1 : throw Damaged();

    /// <summary>A number of items that each take a byte at least.</summary>
    public int Count() => Unsigned() is var value && value <= (ulong)(_bytes.Length - _at) ? (int)value : throw Damaged();

    public string Text() => Signed() is >= 0 and var value && value < strings.Length ? strings[value] : throw Damaged();

    public string? TextOrNull() => Signed() is >= -1 and var value && value < strings.Length ? (value < 0 ? null : strings[value]) : throw Damaged();

    public ReadOnlySpan<byte> Raw()
    {
        var count = Count();
        var raw = _bytes.Slice(_at, count);
        _at += count;
        return raw;
    }

    public string Utf8() => Encoding.UTF8.GetString(Raw());

    /// <summary>As many values as are expected; missing ones are zero, further ones are dropped, so that a list may grow with the product.</summary>
    public long[] Longs(int expected)
    {
        var values = new long[expected];
        var count = Count();
        for (var i = 0; i < count; i++)
        {
            var value = Signed();
            if (i < expected)
                values[i] = value;
        }

        return values;
    }

    /// <summary>As <see cref="Longs"/>, for amounts: none is negative or so large that their sum is none.</summary>
    public long[] Amounts(int expected)
    {
        const long Most = long.MaxValue >> 8;
        var values = Longs(expected);
        foreach (var value in values)
        {
            if (value is < 0 or > Most)
                throw Damaged();
        }

        return values;
    }

    public static ProfileFormatException Damaged() => new("The profile is damaged.");
}
