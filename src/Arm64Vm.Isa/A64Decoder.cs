namespace Arm64Vm.Isa;

/// <summary>Finds the encoding of an instruction word.</summary>
internal static class A64Decoder
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

        return (A64Opcode)node;
    }
}
