namespace Arm64Vm.Devices.FwCfg;

/// <summary>What survives a snapshot of a <see cref="FwCfgDevice"/>. Read-only items belong to the machine's configuration.</summary>
internal sealed record FwCfgState
{
    /// <summary>The selected key.</summary>
    public required ushort Selector { get; init; }

    /// <summary>The next byte of the selected item.</summary>
    public required uint Position { get; init; }

    /// <summary>High half of the DMA address, written first.</summary>
    public required uint DmaAddressHigh { get; init; }

    /// <summary>Contents of items that the guest may write, by key.</summary>
    public required IReadOnlyDictionary<ushort, byte[]> WritableItems { get; init; }
}
