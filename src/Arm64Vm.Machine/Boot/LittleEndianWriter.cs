using System.Buffers.Binary;
using System.Text;

namespace Arm64Vm.Machine.Boot;

/// <summary>Bytes of a firmware table, appended field by field in little-endian order.</summary>
internal sealed class LittleEndianWriter
{
    private byte[] _bytes = new byte[256];

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    public LittleEndianWriter Byte(int value)
    {
        Take(1)[0] = checked((byte)value);
        return this;
    }

    public LittleEndianWriter Word(int value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(Take(2), checked((ushort)value));
        return this;
    }

    public LittleEndianWriter DWord(ulong value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(Take(4), checked((uint)value));
        return this;
    }

    public LittleEndianWriter QWord(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Take(8), value);
        return this;
    }

    public LittleEndianWriter Bytes(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Take(bytes.Length));
        return this;
    }

    public LittleEndianWriter Zeros(int count)
    {
        Take(count);
        return this;
    }

    /// <summary>ASCII without terminator.</summary>
    public LittleEndianWriter Text(string text) => Bytes(Encoding.ASCII.GetBytes(text));

    /// <summary>ASCII in a field of its own width, filled up with <paramref name="padding"/>.</summary>
    public LittleEndianWriter Text(string text, int width, byte padding = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(text.Length, width);
        var field = Take(width);
        field.Fill(padding);
        Encoding.ASCII.GetBytes(text, field);
        return this;
    }

    /// <summary>Zeros up to the next multiple of a power of two.</summary>
    public LittleEndianWriter Align(int alignment) => Zeros(-Length & (alignment - 1));

    public byte[] ToArray() => _bytes.AsSpan(0, Length).ToArray();

    private Span<byte> Take(int count)
    {
        if (Length + count > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + count));
        var taken = _bytes.AsSpan(Length, count);
        Length += count;
        return taken;
    }
}
