namespace Arm64Vm.Isa;

/// <summary>Random instruction words of one encoding, from a seeded generator: the source of fuzz tests.</summary>
internal sealed class A64WordGenerator(ulong seed)
{
    private ulong _state = seed;

    /// <summary>A word that decodes to <paramref name="op"/>, its fields random; false where 1,000 tries found none.</summary>
    public bool TryNext(A64Opcode op, out uint word)
    {
        uint mask = A64Opcodes.Mask(op);
        uint value = A64Opcodes.Value(op);
        for (int attempt = 0; attempt < 1000; attempt++)
        {
            word = (NextWord() & ~mask) | value;
            if (A64Decoder.Decode(word) == op)
                return true;
        }

        word = 0;
        return false;
    }

    /// <summary>32 random bits, of no particular encoding.</summary>
    public uint NextWord()
    {
        // SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
        _state += 0x9e37_79b9_7f4a_7c15;
        ulong z = _state;
        z = (z ^ (z >> 30)) * 0xbf58_476d_1ce4_e5b9;
        z = (z ^ (z >> 27)) * 0x94d0_49bb_1331_11eb;
        return (uint)((z ^ (z >> 31)) >> 32);
    }
}
