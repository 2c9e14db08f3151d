using System.Buffers.Binary;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Debugging;

/// <summary>Accesses to device registers for a debugger: the largest aligned ones that the range allows, as a person means who looks at a word.</summary>
internal static class DeviceAccess
{
    public static bool TryRead(PhysicalBus bus, ulong address, Span<byte> destination)
    {
        Span<byte> bytes = stackalloc byte[8];
        while (!destination.IsEmpty)
        {
            var size = SizeAt(address, destination.Length);
            if (!bus.TryRead(address, size, out var value))
                return false;
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
            bytes[..size].CopyTo(destination);
            destination = destination[size..];
            address += (ulong)size;
        }

        return true;
    }

    public static bool TryWrite(PhysicalBus bus, ulong address, ReadOnlySpan<byte> source)
    {
        Span<byte> bytes = stackalloc byte[8];
        while (!source.IsEmpty)
        {
            var size = SizeAt(address, source.Length);
            bytes.Clear();
            source[..size].CopyTo(bytes);
            if (!bus.TryWrite(address, size, BinaryPrimitives.ReadUInt64LittleEndian(bytes)))
                return false;
            source = source[size..];
            address += (ulong)size;
        }

        return true;
    }

    /// <summary>Words of 32 bits where they fit: registers of that size refuse others.</summary>
    private static int SizeAt(ulong address, int left)
    {
        if ((address & 3) == 0 && left >= 4)
            return 4;
        return (address & 1) == 0 && left >= 2 ? 2 : 1;
    }
}
