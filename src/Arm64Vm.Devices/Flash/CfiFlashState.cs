namespace Arm64Vm.Devices.Flash;

/// <summary>What survives a snapshot of a <see cref="CfiFlash"/>. The contents are saved by the owner of the memory, like RAM.</summary>
internal sealed record CfiFlashState
{
    public required FlashMode Mode { get; init; }

    /// <summary>The command under way, or 0.</summary>
    public required byte Command { get; init; }

    public required byte Status { get; init; }

    /// <summary>Where the command under way began, from the start of the bank.</summary>
    public required uint CommandOffset { get; init; }

    /// <summary>A buffered program has got its count.</summary>
    public required bool BufferCounted { get; init; }

    /// <summary>Words of the bank that a buffered program still expects.</summary>
    public required uint BufferWordsLeft { get; init; }

    /// <summary>What a buffered program has collected, for the buffer-sized block around its first word.</summary>
    public required IReadOnlyList<byte> Buffer { get; init; }

    /// <summary>Which bytes of <see cref="Buffer"/> were written, one bit each.</summary>
    public required IReadOnlyList<byte> BufferWritten { get; init; }

    /// <summary>Locked sectors, one bit each.</summary>
    public required IReadOnlyList<byte> LockedSectors { get; init; }
}

/// <summary>What a read of flash returns.</summary>
internal enum FlashMode
{
    /// <summary>The contents.</summary>
    Array,

    /// <summary>The status register of each chip.</summary>
    Status,

    /// <summary>Manufacturer, device and lock codes.</summary>
    Identifier,

    /// <summary>The CFI table.</summary>
    Query,
}
