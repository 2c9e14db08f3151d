namespace Arm64Vm.Translation;

/// <summary>Whether an instruction loads or stores (Arm ARM C4.1, loads and stores); prefetches do neither, atomic operations do both.</summary>
internal static class MemoryInstruction
{
    private const uint PrefetchSize = 3;

    public static (bool Loads, bool Stores) Of(uint word)
    {
        const uint ClassMask = 0x0A00_0000;
        const uint ClassBits = 0x0800_0000;
        if ((word & ClassMask) != ClassBits)
            return (false, false);
        bool isVector = (word & (1 << 26)) != 0;
        uint group = (word >> 28) & 3;
        bool loads = (word & (1 << 22)) != 0;
        switch (group)
        {
            case 1 when (word & (1 << 24)) != 0:
                // LDAPUR and STLUR: opc 0 stores.
                return (((word >> 22) & 3) != 0, ((word >> 22) & 3) == 0);
            case 1:
                // Literals: opc 3 without a vector is PRFM.
                return (isVector || word >> 30 != 3, false);
            case 3:
                return Register(word, isVector, loads);
            case 0 when !isVector && (word & 0x3F00_0000) == 0x0800_0000 && (word & (1 << 21)) != 0 && ((word >> 10) & 31) == 31 && (word >> 31 == 0 || (word & (1 << 23)) != 0):
                // CAS and CASP.
                return (true, true);
            default:
                return (loads, !loads);
        }
    }

    /// <summary>One register: opc in bits 23:22 is a store where it is 0, and for 128-bit vectors where it is 2.</summary>
    private static (bool Loads, bool Stores) Register(uint word, bool isVector, bool low)
    {
        if (isVector)
            return (low, !low);
        uint opc = (word >> 22) & 3;
        bool isAtomicGroup = (word & 0x0120_0C00) == 0x0020_0000;
        if (isAtomicGroup)
        {
            // LDAPR loads only.
            bool isOrderedLoad = ((word >> 12) & 15) == 0xC;
            return (true, !isOrderedLoad);
        }

        // LDRAA and LDRAB.
        if ((word & 0x0120_0400) == 0x0020_0400)
            return (true, false);
        if (word >> 30 == PrefetchSize && opc == 2)
            return (false, false);
        return (opc != 0, opc == 0);
    }
}
