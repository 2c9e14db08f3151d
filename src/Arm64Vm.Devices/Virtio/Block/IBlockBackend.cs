namespace Arm64Vm.Devices.Virtio.Block;

/// <summary>What a disk is stored in. Calls come one at a time; offsets and lengths are within <see cref="Size"/>.</summary>
public interface IBlockBackend
{
    /// <summary>Bytes.</summary>
    ulong Size { get; }

    bool IsReadOnly { get; }

    /// <summary>Fills <paramref name="destination"/>; false on an error of the host.</summary>
    bool TryRead(ulong offset, Span<byte> destination);

    /// <summary>Stores <paramref name="source"/>; false on an error of the host.</summary>
    bool TryWrite(ulong offset, ReadOnlySpan<byte> source);

    /// <summary>Makes everything written durable; false on an error of the host.</summary>
    bool TryFlush();
}
