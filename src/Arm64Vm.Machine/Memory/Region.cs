namespace Arm64Vm.Machine.Memory;

/// <summary>A range of physical addresses that does not wrap.</summary>
/// <param name="Base">First byte.</param>
/// <param name="Size">Bytes.</param>
internal readonly record struct Region(ulong Base, ulong Size)
{
    /// <summary>The address after the last byte.</summary>
    public ulong End => Base + Size;

    /// <summary>True where <paramref name="size"/> bytes at <paramref name="address"/> all lie inside.</summary>
    public bool Contains(ulong address, ulong size) => address >= Base && size <= Size && address - Base <= Size - size;

    /// <summary>True where the two share a byte.</summary>
    public bool Overlaps(Region other) => Size > 0 && other.Size > 0 && Base < other.End && other.Base < End;

    /// <inheritdoc/>
    public override string ToString() => $"0x{Base:x}..0x{End:x}";
}
