namespace Arm64Vm.Isa;

/// <summary>Finds the encoding of an instruction word.</summary>
public static class A64Decoder
{
    /// <summary>The row of the table that takes <paramref name="word"/>; <see cref="A64Opcode.Undefined"/> where none does. Allocates nothing.</summary>
    public static A64Opcode Decode(uint word)
    {
        ReadOnlySpan<uint> nodes = A64Table.Nodes;
        uint node = nodes[(int)(word >> A64Table.RootShift)];
        while ((int)node >= 0)
        {
            uint index = (word >> (int)(node & 31)) & ((1u << (int)((node >> 5) & 15)) - 1);
            node = nodes[(int)((node >> 9) + index)];
        }

        ReadOnlySpan<ushort> candidates = A64Table.Candidates;
        // Opcode 0 fixes no bit, so every list ends the loop.
        for (int i = (int)(node & 0x7fff_ffff); ; i++)
        {
            int op = candidates[i];
            if ((word & A64Table.Masks[op]) == A64Table.Values[op] && !IsRejected(op, word))
                return (A64Opcode)op;
        }
    }

    private static bool IsRejected(int op, uint word)
    {
        int end = A64Table.RejectedStart[op + 1];
        for (int i = A64Table.RejectedStart[op]; i < end; i++)
        {
            if ((word & A64Table.RejectedMasks[i]) == A64Table.RejectedValues[i])
                return true;
        }

        return false;
    }
}
