using Arm64Vm.Cpu;

namespace Arm64Vm.Machine.Tests;

/// <summary>RAM in an array.</summary>
internal sealed class TestMemory(ulong baseAddress, int size) : IGuestMemory
{
    public byte[] Bytes { get; } = new byte[size];

    public bool TryRead(ulong physicalAddress, Span<byte> destination)
    {
        if (!Contains(physicalAddress, destination.Length))
            return false;
        Bytes.AsSpan((int)(physicalAddress - baseAddress), destination.Length).CopyTo(destination);
        return true;
    }

    public bool TryWrite(ulong physicalAddress, ReadOnlySpan<byte> source)
    {
        if (!Contains(physicalAddress, source.Length))
            return false;
        source.CopyTo(Bytes.AsSpan((int)(physicalAddress - baseAddress)));
        return true;
    }

    public ReadOnlySpan<byte> Map(ulong physicalAddress, ulong length) => MapForWriting(physicalAddress, length);

    public Span<byte> MapForWriting(ulong physicalAddress, ulong length)
    {
        if (!Contains(physicalAddress, 1))
            return default;
        var rest = Bytes.AsSpan((int)(physicalAddress - baseAddress));
        return rest[..(int)Math.Min((ulong)rest.Length, length)];
    }

    public void Discard(ulong physicalAddress, ulong length)
    {
    }

    public void NotifyWritten(ulong physicalAddress, ulong length)
    {
    }

    public ReadOnlySpan<byte> At(ulong address, int length) => Bytes.AsSpan((int)(address - baseAddress), length);

    private bool Contains(ulong address, int length) =>
        address >= baseAddress && address - baseAddress <= (ulong)(Bytes.Length - length);
}
