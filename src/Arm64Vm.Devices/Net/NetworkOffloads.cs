namespace Arm64Vm.Devices.Net;

/// <summary>What a network does with frames, so that nobody before it must.</summary>
[Flags]
internal enum NetworkOffloads
{
    None = 0,

    /// <summary>Takes frames without their checksums.</summary>
    TakesChecksums = 1,

    /// <summary>Takes TCP segments of up to <see cref="INetwork.MaximumFrame"/>, whatever the size they are to be cut to.</summary>
    TakesSegments = 2,

    /// <summary>May give frames without their checksums, and segments of any size, to a receiver that wants them (<see cref="INetwork.Accept"/>).</summary>
    GivesBoth = 4,

    /// <summary>Frames it gives are right, so that nobody needs to sum them again.</summary>
    IsTrusted = 8,
}
