using System.Buffers.Binary;
using Arm64Vm.Cpu;

namespace Arm64Vm.Devices.Tests;

/// <summary>RAM in an array, from <see cref="Base"/>.</summary>
internal sealed class TestMemory(int size = 1 << 20) : IGuestMemory
{
    public const ulong Base = 0x4000_0000;

    public List<(ulong Address, ulong Length)> Discards { get; } = [];

    public byte[] Bytes { get; } = new byte[size];

    public bool TryRead(ulong physicalAddress, Span<byte> destination)
    {
        if (!Contains(physicalAddress, destination.Length))
            return false;
        Bytes.AsSpan((int)(physicalAddress - Base), destination.Length).CopyTo(destination);
        return true;
    }

    public bool TryWrite(ulong physicalAddress, ReadOnlySpan<byte> source)
    {
        if (!Contains(physicalAddress, source.Length))
            return false;
        source.CopyTo(Bytes.AsSpan((int)(physicalAddress - Base)));
        return true;
    }

    public ReadOnlySpan<byte> Map(ulong physicalAddress, ulong length) => MapForWriting(physicalAddress, length);

    public Span<byte> MapForWriting(ulong physicalAddress, ulong length)
    {
        if (!Contains(physicalAddress, 1))
            return default;
        var rest = Bytes.AsSpan((int)(physicalAddress - Base));
        return rest[..(int)Math.Min((ulong)rest.Length, length)];
    }

    public void Discard(ulong physicalAddress, ulong length) => Discards.Add((physicalAddress, length));

    public void NotifyWritten(ulong physicalAddress, ulong length)
    {
    }

    public Span<byte> At(ulong address, int length) => Bytes.AsSpan((int)(address - Base), length);

    public void Write16(ulong address, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(At(address, 2), value);

    public void Write32(ulong address, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(At(address, 4), value);

    public void Write64(ulong address, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(At(address, 8), value);

    public ushort Read16(ulong address) => BinaryPrimitives.ReadUInt16LittleEndian(At(address, 2));

    public uint Read32(ulong address) => BinaryPrimitives.ReadUInt32LittleEndian(At(address, 4));

    private bool Contains(ulong address, int length) =>
        address >= Base && (ulong)length <= (ulong)Bytes.Length && address - Base <= (ulong)(Bytes.Length - length);
}
