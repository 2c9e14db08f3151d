namespace Arm64Vm.Devices.Uart;

/// <summary>What survives a snapshot of a <see cref="Pl011"/>. Output in flight belongs to the back end.</summary>
internal sealed record Pl011State
{
    public required uint ReceiveStatus { get; init; }

    public required uint LowPower { get; init; }

    public required uint IntegerBaud { get; init; }

    public required uint FractionalBaud { get; init; }

    public required uint LineControl { get; init; }

    public required uint Control { get; init; }

    public required uint FifoLevels { get; init; }

    public required uint Mask { get; init; }

    public required uint RawStatus { get; init; }

    public required uint DmaControl { get; init; }

    /// <summary>Characters not read yet, oldest first, with their error bits; at most 16.</summary>
    public required IReadOnlyList<ushort> ReceiveFifo { get; init; }

    /// <summary>A character was lost since the last one that entered the FIFO.</summary>
    public required bool OverrunPending { get; init; }

    /// <summary>When the receive timeout strikes, in nanoseconds of the clock; null while it is not running.</summary>
    public required ulong? ReceiveTimeoutAt { get; init; }

    /// <summary>The guest has accessed the device, so it takes input from the back end.</summary>
    public required bool TakesInput { get; init; }
}
