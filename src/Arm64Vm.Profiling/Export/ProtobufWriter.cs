using System.Text;

namespace Arm64Vm.Profiling;

/// <summary>Messages in the wire format of protocol buffers (https://protobuf.dev/programming-guides/encoding/): what profile.proto needs of it.</summary>
internal sealed class ProtobufWriter
{
    private const int VarintType = 0;
    private const int BytesType = 2;

    private byte[] _bytes = new byte[256];
    private int _count;

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _count);

    public void Clear() => _count = 0;

    /// <summary>An int64 or uint64 or bool; zero, the default, is left out.</summary>
    public void Number(int field, long value)
    {
        if (value == 0)
            return;
        Varint((uint)(field << 3 | VarintType));
        Varint((ulong)value);
    }

    /// <summary>A string. The empty one is written too: a list of strings may have one.</summary>
    public void Text(int field, string value) => Raw(field, Encoding.UTF8.GetBytes(value));

    /// <summary>A message within this one.</summary>
    public void Message(int field, ProtobufWriter value) => Raw(field, value.Bytes);

    /// <summary>Repeated numbers, packed.</summary>
    public void Packed(int field, ReadOnlySpan<long> values)
    {
        var inner = new ProtobufWriter();
        foreach (var value in values)
            inner.Varint((ulong)value);
        Message(field, inner);
    }

    private void Raw(int field, ReadOnlySpan<byte> value)
    {
        Varint((uint)(field << 3 | BytesType));
        Varint((uint)value.Length);
        Reserve(value.Length);
        value.CopyTo(_bytes.AsSpan(_count));
        _count += value.Length;
    }

    private void Varint(ulong value)
    {
        Reserve(10);
        while (value >= 0x80)
        {
            _bytes[_count++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _bytes[_count++] = (byte)value;
    }

    private void Reserve(int count)
    {
        if (_bytes.Length - _count < count)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _count + count));
    }
}
