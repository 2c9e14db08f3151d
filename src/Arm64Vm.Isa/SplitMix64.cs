namespace Arm64Vm.Isa;

/// <summary>SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014): what is random in the product and has to be reproducible.</summary>
internal struct SplitMix64(ulong seed)
{
    /// <summary>Position in the sequence: a generator that is set to it goes on in the same way.</summary>
    public ulong Position { get; set; } = seed;

    public ulong Next()
    {
        Position += 0x9E37_79B9_7F4A_7C15;
        ulong z = (Position ^ (Position >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }
}
