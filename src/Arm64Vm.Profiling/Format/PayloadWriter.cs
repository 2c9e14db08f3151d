using System.Text;

namespace Arm64Vm.Profiling;

/// <summary>Bytes of a section: numbers in 7-bit groups (LEB128), signed ones in zigzag, texts by their number in the profile's table.</summary>
internal sealed class PayloadWriter(StringTable strings)
{
    private byte[] _bytes = new byte[256];
    private int _count;

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _count);

    public void Unsigned(ulong value)
    {
        if (_bytes.Length - _count < 10)
            Array.Resize(ref _bytes, _bytes.Length * 2);
        while (value >= 0x80)
        {
            _bytes[_count++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _bytes[_count++] = (byte)value;
    }

    public void Signed(long value) => Unsigned((ulong)(value << 1) ^ (ulong)(value >> 63));

    public void Text(string value) => Signed(strings.NumberOf(value));

    public void TextOrNull(string? value) => Signed(value is null ? -1 : strings.NumberOf(value));

    public void Raw(ReadOnlySpan<byte> value)
    {
        Unsigned((ulong)value.Length);
        while (_bytes.Length - _count < value.Length)
            Array.Resize(ref _bytes, _bytes.Length * 2);
        value.CopyTo(_bytes.AsSpan(_count));
        _count += value.Length;
    }

    public void Longs(ReadOnlySpan<long> values)
    {
        Unsigned((ulong)values.Length);
        foreach (var value in values)
            Signed(value);
    }
}

/// <summary>Each text once.</summary>
internal sealed class StringTable
{
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<string> _texts = [];

    public int NumberOf(string text)
    {
        if (!_numbers.TryGetValue(text, out var number))
        {
            number = _texts.Count;
            _texts.Add(text);
            _numbers.Add(text, number);
        }

        return number;
    }

    public void Write(PayloadWriter writer)
    {
        writer.Unsigned((ulong)_texts.Count);
        foreach (var text in _texts)
            writer.Raw(Encoding.UTF8.GetBytes(text));
    }
}
