using System.Buffers.Binary;

namespace Arm64Vm.Devices.Sharing;

/// <summary>Puts fields into a reply, behind its header. What does not fit is left out, and remembered.</summary>
internal ref struct P9Writer(Span<byte> reply)
{
    private readonly Span<byte> _reply = reply;

    /// <summary>Bytes so far, the header included.</summary>
    public int Length { get; private set; } = P9Messages.HeaderSize;

    /// <summary>The reply has less room than it needs.</summary>
    public bool IsFull { get; private set; }

    /// <summary>Bytes that may follow.</summary>
    public readonly int Room => Math.Max(0, _reply.Length - Length);

    public void Byte(byte value) => Next(1).Fill(value);

    public void Word(ushort value)
    {
        if (Next(2) is { IsEmpty: false } field)
            BinaryPrimitives.WriteUInt16LittleEndian(field, value);
    }

    public void Int(uint value)
    {
        if (Next(4) is { IsEmpty: false } field)
            BinaryPrimitives.WriteUInt32LittleEndian(field, value);
    }

    public void Long(ulong value)
    {
        if (Next(8) is { IsEmpty: false } field)
            BinaryPrimitives.WriteUInt64LittleEndian(field, value);
    }

    /// <summary>A length of two bytes, and the bytes.</summary>
    public void Text(ReadOnlySpan<byte> text)
    {
        Word((ushort)text.Length);
        Bytes(text);
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        var field = Next(bytes.Length);
        if (field.Length == bytes.Length)
            bytes.CopyTo(field);
    }

    public void Qid(in FileStatus status)
    {
        Byte(status.QidType);
        Int(status.QidVersion);
        Long(status.Inode);
    }

    /// <summary>Changes the first field, one of two bytes.</summary>
    public readonly void SetFirstWord(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(_reply[P9Messages.HeaderSize..], value);

    /// <summary>The bytes that come next, to be filled by the caller: a count of four bytes stands before them.</summary>
    public readonly Span<byte> Payload(int most) => Room < 4 ? default : _reply.Slice(Length + 4, Math.Min(most, Room - 4));

    /// <summary>Says how many bytes of <see cref="Payload"/> are there.</summary>
    public void EndPayload(int count)
    {
        Int((uint)count);
        Length += count;
    }

    private Span<byte> Next(int length)
    {
        if (length > Room)
        {
            IsFull = true;
            return default;
        }

        var field = _reply.Slice(Length, length);
        Length += length;
        return field;
    }
}
