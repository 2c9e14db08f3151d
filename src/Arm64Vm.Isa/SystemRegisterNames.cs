using System.Globalization;

namespace Arm64Vm.Isa;

/// <summary>Names of the system registers (Arm ARM D23) and of SYS operations, for disassembly and logs.</summary>
internal static class SystemRegisterNames
{
    /// <summary>The Arm ARM's name; null where none is known.</summary>
    /// <param name="encoding">op0:op1:CRn:CRm:op2, 16 bits.</param>
    /// <param name="write">MSR: a few encodings name another register than in MRS.</param>
    public static string? Find(ushort encoding, bool write = false) =>
        (write ? A64Table.WrittenSystemRegister(encoding) : null) ?? A64Table.SystemRegister(encoding);

    /// <summary>The Arm ARM's name, or the generic one, for example <c>S3_0_C12_C12_0</c>.</summary>
    public static string Name(ushort encoding, bool write = false) => Find(encoding, write) ?? string.Create(
        CultureInfo.InvariantCulture,
        $"S{encoding >> 14}_{(encoding >> 11) & 7}_C{(encoding >> 7) & 15}_C{(encoding >> 3) & 15}_{encoding & 7}");

    /// <summary>The operation of a SYS instruction, for example <c>TLBI VAE1, Xt</c>; null where none is known.</summary>
    /// <param name="encoding">op1:CRn:CRm:op2, 14 bits: bits 18:5 of the instruction.</param>
    public static string? FindInstruction(int encoding) => A64Table.SystemInstruction(encoding);
}
