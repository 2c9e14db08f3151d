namespace Arm64Vm.Cpu;

/// <summary>Guest-physical RAM as devices (DMA) and boot loaders see it.</summary>
/// <remarks>Writes drop translations of the bytes they change.</remarks>
public interface IGuestMemory
{
    /// <summary>Copies RAM at a physical address into <paramref name="destination"/>; false, with nothing copied, unless all of it is RAM.</summary>
    bool TryRead(ulong physicalAddress, Span<byte> destination);

    /// <summary>Copies <paramref name="source"/> into RAM; false, with nothing written, unless all of it is RAM.</summary>
    bool TryWrite(ulong physicalAddress, ReadOnlySpan<byte> source);
}
