using System.Globalization;

namespace Arm64Vm.Isa.Tests;

public class VectorDecodeTests
{
    /// <summary>Where the vectors' name is right but broader or narrower than the row's, or simply wrong.</summary>
    private static bool IsSameEncoding(string vectorName, A64Opcode op)
    {
        string name = A64Opcodes.Name(op);
        return name == vectorName || vectorName switch
        {
            // The vectors name the X forms of FRINT32 and FRINT64 the wrong way round.
            "FRINT32X (vector)" => op == A64Opcode.Frint64xVector,
            "FRINT64X (vector)" => op == A64Opcode.Frint32xVector,
            "HINT" => A64Opcodes.Group(op) == A64Group.Hint,
            "DSB" => op is A64Opcode.Ssbb or A64Opcode.Pssbb,
            "REV" => op == A64Opcode.Rev32,
            "FCVT" => op == A64Opcode.Bfcvt,
            "ADD (immediate)" when A64Opcodes.Feature(op) == A64Feature.Cssc => true,
            "FMLAL, FMLAL2 (by element)" when op == A64Opcode.FmlalElementFp8 => true,
            "ADD (immediate)" or "SUB (immediate)" => op is A64Opcode.Addg or A64Opcode.Subg,
            "STP/LDP" => op is A64Opcode.StnpLdnp or A64Opcode.Stgp,
            "STP/LDP (SIMD&FP)" => op == A64Opcode.StnpLdnpSimd,
            "STURx/LDURx" => op == A64Opcode.PrfmUnscaled,
            "STRx/LDRx (immediate)" => op == A64Opcode.PrfmImmediate,
            "STRx (register)" => op is A64Opcode.LdrRegister or A64Opcode.PrfmRegister,
            "LDTRSB" or "LDTRSH" or "STTR" or "LDTR" => A64Opcodes.Group(op) == A64Group.LoadStoreUnprivileged,
            // The pattern of one vector replicate is a single structure's with opcode 11.
            _ when vectorName.StartsWith("LD", StringComparison.Ordinal) && vectorName.EndsWith("(single structure)", StringComparison.Ordinal) =>
                name == vectorName[..3] + "R",
            // A shift with immh 0 is a modified immediate; MOVI with cmode 15 is FMOV.
            _ => A64Opcodes.Group(op) == A64Group.SimdModifiedImmediate &&
                (vectorName == "MOVI, MVNI, ORR, BIC (vector, immediate)" || HasShiftEncoding(vectorName)),
        };
    }

    private static bool HasShiftEncoding(string vectorName)
    {
        for (int op = 1; op < A64Opcodes.Count; op++)
        {
            if (A64Opcodes.Name((A64Opcode)op) == vectorName && A64Opcodes.Group((A64Opcode)op) is A64Group.SimdShiftImmediate)
                return true;
        }

        return false;
    }

    [Theory]
    [InlineData("dp-imm")]
    [InlineData("dp-reg")]
    [InlineData("branch")]
    [InlineData("ldst")]
    [InlineData("fp-simd")]
    public void EveryVectorDecodesToItsName(string file)
    {
        int count = 0;
        foreach (VectorWord vector in Vectors.Read(file))
        {
            count++;
            A64Opcode op = A64Decoder.Decode(vector.Word);
            string message = string.Create(CultureInfo.InvariantCulture, $"{vector.Word:x8} {vector.Text}: {op} instead of {vector.Name}");
            // The emulator reports a failed authentication as UNDEFINED.
            if (op == A64Opcode.Undefined)
                Assert.True(vector.Undefined, message);
            else
                Assert.True((!vector.Undefined || A64Opcodes.Group(op) == A64Group.Hint) && IsSameEncoding(vector.Name!, op), message);
        }

        Assert.True(count > 1000);
    }

    [Fact]
    public void EverySequenceWordDecodes()
    {
        int count = 0;
        foreach (VectorWord vector in Vectors.Read("sequences"))
        {
            count++;
            // The programs jump over some words that are UNDEFINED.
            if (A64Decoder.Decode(vector.Word) == A64Opcode.Undefined)
                Assert.True(vector.Text.EndsWith("undefined", StringComparison.Ordinal), $"{vector.Word:x8} {vector.Text}");
        }

        Assert.True(count > 50_000);
    }

    [Fact]
    public void EveryVectorNameIsInTheTable()
    {
        var names = new HashSet<string>(Enumerable.Range(1, A64Opcodes.Count - 1).Select(op => A64Opcodes.Name((A64Opcode)op)), StringComparer.Ordinal);
        foreach (string file in Vectors.SingleFiles)
        {
            foreach (VectorWord vector in Vectors.Read(file))
                Assert.True(vector.Name == "Unallocated SIMD modified immediate" || names.Contains(vector.Name!), vector.Name);
        }
    }
}
