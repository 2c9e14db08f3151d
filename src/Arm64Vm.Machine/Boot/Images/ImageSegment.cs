using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Boot.Images;

/// <summary>Bytes for RAM, followed by zeros.</summary>
/// <param name="Name">For messages: what the bytes are.</param>
/// <param name="Address">Physical address.</param>
/// <param name="Data">The bytes.</param>
/// <param name="MemorySize">Bytes of RAM taken, at least <paramref name="Data"/>'s length; the rest is zero.</param>
internal sealed record ImageSegment(string Name, ulong Address, ReadOnlyMemory<byte> Data, ulong MemorySize)
{
    /// <summary>A segment without trailing zeros.</summary>
    public ImageSegment(string name, ulong address, ReadOnlyMemory<byte> data)
        : this(name, address, data, (ulong)data.Length)
    {
    }

    /// <summary>Has the bytes instead of <see cref="Data"/>, as long as the boot is prepared; null: they are in memory.</summary>
    internal FileBytes? File { get; init; }

    /// <summary>The RAM it takes.</summary>
    public Region Region => new(Address, MemorySize);
}
