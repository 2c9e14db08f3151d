namespace Arm64Vm.Cpu;

/// <summary>Guest-physical RAM as devices (DMA) and boot loaders see it.</summary>
/// <remarks>Writes drop translations of the bytes they change.</remarks>
internal interface IGuestMemory
{
    /// <summary>Copies RAM at a physical address into <paramref name="destination"/>; false, with nothing copied, unless all of it is RAM.</summary>
    bool TryRead(ulong physicalAddress, Span<byte> destination);

    /// <summary>Copies <paramref name="source"/> into RAM; false, with nothing written, unless all of it is RAM.</summary>
    bool TryWrite(ulong physicalAddress, ReadOnlySpan<byte> source);

    /// <summary>The memory itself, for reading: as much of a range as is in one piece from its start on. Valid while the machine lives.</summary>
    /// <returns>Empty where there is no RAM.</returns>
    ReadOnlySpan<byte> Map(ulong physicalAddress, ulong length);

    /// <summary>As <see cref="Map"/>, for writing; <see cref="NotifyWritten"/> follows what was written.</summary>
    Span<byte> MapForWriting(ulong physicalAddress, ulong length);

    /// <summary>Gives whole pages of RAM inside a range back to the host: they read as zeros from then on, and cost nothing until they are touched.</summary>
    void Discard(ulong physicalAddress, ulong length);

    /// <summary>Bytes given out by <see cref="MapForWriting"/> have changed: translations of them are dropped.</summary>
    void NotifyWritten(ulong physicalAddress, ulong length);
}
