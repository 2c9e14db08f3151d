namespace Arm64Vm.Isa;

/// <summary>What the table says about an encoding.</summary>
internal static class A64Opcodes
{
    /// <summary>Number of opcodes, <see cref="A64Opcode.Undefined"/> included: opcodes are 0 to Count − 1.</summary>
    public const int Count = A64Table.Count;

    /// <summary>The Arm ARM's name; several encodings may share one.</summary>
    public static string Name(A64Opcode op) => A64Table.Name(op);

    public static A64Group Group(A64Opcode op) => (A64Group)A64Table.Groups[(int)op];

    public static A64Feature Feature(A64Opcode op) => (A64Feature)A64Table.Features[(int)op];

    /// <summary>The bits that the encoding fixes.</summary>
    public static uint Mask(A64Opcode op) => A64Table.Masks[(int)op];

    /// <summary>The values of those bits; all others are 0.</summary>
    public static uint Value(A64Opcode op) => A64Table.Values[(int)op];
}
