namespace Arm64Vm.Devices.Gic;

/// <summary>Where a GICv3 gets a processor's LPIs from (IHI 0069, chapter 5): the part beside its redistributor that an ITS feeds.</summary>
/// <remarks>
/// LPIs are of Group 1 and have no active state. What makes one pending or changes its configuration then calls <see cref="InterruptController.Attend"/>;
/// the processor's own thread asks for the best one and takes it.
/// </remarks>
internal interface ILpiSource
{
    /// <summary>The enabled pending LPI of the highest priority (lowest value); of equals the lowest number. On the processor's thread.</summary>
    bool TryGetPending(int processor, out int id, out byte priority);

    /// <summary>Takes an LPI: it is no longer pending. False where it was not. On the processor's thread.</summary>
    bool TryAcknowledge(int processor, int id);

    /// <summary>Reads a word of the processor's control frame that has to do with LPIs: GICR_CTLR, GICR_PROPBASER, GICR_PENDBASER, GICR_SYNCR. Any thread.</summary>
    uint ReadRegister(int processor, ulong offset);

    /// <summary>Writes such a word, and those that invalidate: GICR_INVLPIR, GICR_INVALLR. Any thread.</summary>
    void WriteRegister(int processor, ulong offset, uint value);
}
