namespace Arm64Vm.Devices.Virtio.Block;

/// <summary>What a disk is stored in. Offsets and lengths are within <see cref="Size"/>.</summary>
/// <remarks>Calls come one at a time, but for <see cref="TryReadAtOnce"/>, which can come at any time from another thread.</remarks>
internal interface IBlockBackend
{
    /// <summary>Bytes.</summary>
    ulong Size { get; }

    bool IsReadOnly { get; }

    /// <summary>Fills <paramref name="destination"/>; false on an error of the host.</summary>
    bool TryRead(ulong offset, Span<byte> destination);

    /// <summary>Fills <paramref name="destination"/> if that needs no waiting for the host's disk; false otherwise, also on an error.</summary>
    bool TryReadAtOnce(ulong offset, Span<byte> destination) => false;

    /// <summary>Stores <paramref name="source"/>; false on an error of the host.</summary>
    bool TryWrite(ulong offset, ReadOnlySpan<byte> source);

    /// <summary>Makes everything written durable; false on an error of the host.</summary>
    bool TryFlush();

    /// <summary>Bytes that are not needed any more and may read as anything; false on an error of the host, not where it cannot do so.</summary>
    bool TryDiscard(ulong offset, ulong length) => true;

    /// <summary>Stores zeros; false on an error of the host.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="mayUnmap">The room may be given back to the host.</param>
    bool TryWriteZeroes(ulong offset, ulong length, bool mayUnmap) => ZeroWriter.TryWrite(this, offset, length);
}
