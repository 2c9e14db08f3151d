namespace Arm64Vm.Isa;

/// <summary>Random instruction words of one encoding, from a seeded generator: the source of fuzz tests.</summary>
internal sealed class A64WordGenerator(ulong seed)
{
    private SplitMix64 _random = new(seed);

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
    public uint NextWord() => (uint)(_random.Next() >> 32);
}
