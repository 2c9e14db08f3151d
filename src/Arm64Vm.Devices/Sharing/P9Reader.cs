using System.Buffers.Binary;

namespace Arm64Vm.Devices.Sharing;

/// <summary>Takes fields from a request, in their order. What is not there reads as 0, and is remembered.</summary>
internal ref struct P9Reader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>More was asked for than there is.</summary>
    public bool IsShort { get; private set; }

    public byte Byte() => Take(1) is { IsEmpty: false } field ? field[0] : (byte)0;

    public ushort Word() => Take(2) is { IsEmpty: false } field ? BinaryPrimitives.ReadUInt16LittleEndian(field) : (ushort)0;

    public uint Int() => Take(4) is { IsEmpty: false } field ? BinaryPrimitives.ReadUInt32LittleEndian(field) : 0;

    public ulong Long() => Take(8) is { IsEmpty: false } field ? BinaryPrimitives.ReadUInt64LittleEndian(field) : 0;

    /// <summary>A length of two bytes, and as many bytes.</summary>
    public ReadOnlySpan<byte> Text() => Take(Word());

    /// <summary>A length of four bytes, and as many bytes.</summary>
    public ReadOnlySpan<byte> Data() => Take(Int());

    private ReadOnlySpan<byte> Take(uint length)
    {
        if (length > (uint)_rest.Length)
        {
            IsShort = true;
            return default;
        }

        var field = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return field;
    }
}
