using System.Globalization;
using System.IO.Compression;
using System.Text.RegularExpressions;

namespace Arm64Vm.Isa.Tests;

public partial class A64DisassemblerTests
{
    /// <summary>Where the text differs from binutils' on purpose.</summary>
    private static bool IsKnownDifference(uint word, A64Opcode op) => op switch
    {
        // LDAR ignores Rs and Rt2, as STLR and the exclusives do (there binutils ignores them too); binutils wants 31.
        A64Opcode.Ldar => A64Instruction.Decode(word) is { Rs: not 31 } or { Rt2: not 31 },
        // binutils calls LDPSW of one register twice, or with write-back to a loaded register, undefined; it is CONSTRAINED UNPREDICTABLE.
        A64Opcode.StpLdp => A64Instruction.Decode(word) is { AccessSize: 1 } i && (i.Rt == i.Rt2 || (i.Bit(23) && (i.Rn == i.Rt || i.Rn == i.Rt2))),
        // SMSTART and SMSTOP: FEAT_SME is not in the table.
        A64Opcode.MsrImmediate => (word & 0xfffff8ff) == 0xd503407f,
        // FEAT_FP8FMA is newer than binutils 2.40.
        A64Opcode.FmlalElementFp8 => true,
        // Words without encoding here may belong to newer features.
        A64Opcode.Undefined => true,
        _ => false,
    };

    private static string Normalize(string text) => WhiteSpace().Replace(text, " ").Trim();

    /// <summary>binutils' address operands in the vectors count from an unknown base.</summary>
    private static string NormalizeAddress(string text, A64Opcode op) =>
        A64Opcodes.Group(op) is A64Group.PcRelative or A64Group.ConditionalBranch or A64Group.UnconditionalBranchImmediate or A64Group.CompareBranch
            or A64Group.TestBranch or A64Group.LoadLiteral or A64Group.SimdLoadLiteral
            ? Address().Replace(text, "*")
            : text;

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();

    [GeneratedRegex("(?<!#)0x[0-9a-f]+")]
    private static partial Regex Address();

    [Theory]
    [InlineData("dp-imm")]
    [InlineData("dp-reg")]
    [InlineData("branch")]
    [InlineData("ldst")]
    [InlineData("fp-simd")]
    [InlineData("sequences")]
    public void VectorsReadAsInBinutils(string file)
    {
        foreach (VectorWord vector in Vectors.Read(file))
        {
            A64Opcode op = A64Decoder.Decode(vector.Word);
            if (!IsKnownDifference(vector.Word, op))
                Assert.Equal(NormalizeAddress(Normalize(vector.Text), op), NormalizeAddress(Normalize(A64Disassembler.Disassemble(vector.Word, 0)), op));
        }
    }

    /// <summary>
    /// Golden/objdump.txt.gz: the output of GNU objdump 2.40 (<c>objdump -b binary -m aarch64 -D -z</c>, white space collapsed) for sorted words:
    /// random ones of every encoding, also with extreme fields, and every named system register, SYS operation, hint, barrier and PSTATE field. Addresses start at 0.
    /// </summary>
    [Fact]
    public void EveryEncodingReadsAsInBinutils()
    {
        using var reader = new StreamReader(new GZipStream(
            File.OpenRead(RepositoryFiles.Path("tests", "Arm64Vm.Isa.Tests", "Golden", "objdump.txt.gz")), CompressionMode.Decompress));
        var seen = new HashSet<A64Opcode>();
        for (ulong pc = 0; reader.ReadLine() is { } line; pc += 4)
        {
            uint word = uint.Parse(line.AsSpan(0, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            A64Opcode op = A64Decoder.Decode(word);
            string text = A64Disassembler.Disassemble(word, pc);
            if (op == A64Opcode.Undefined)
                Assert.Equal($".inst\t0x{word:x8} ; undefined", text);
            if (IsKnownDifference(word, op))
                continue;
            seen.Add(op);
            Assert.Equal(line[9..], Normalize(text));
        }

        // All but Undefined and the one that this binutils does not know.
        Assert.Equal(A64Opcodes.Count, seen.Count + 2);
    }

    /// <summary>Texts of binutils 2.43.</summary>
    [Theory]
    [InlineData(0x0fd60bb5u, "fmlalb\tv21.8h, v29.16b, v6.b[10]")]
    [InlineData(0x4fd9032cu, "fmlalt\tv12.8h, v25.16b, v1.b[3]")]
    [InlineData(0x4fff0bffu, "fmlalt\tv31.8h, v31.16b, v7.b[15]")]
    public void EightBitFloatingPointReadsAsInBinutils(uint word, string text) => Assert.Equal(text, A64Disassembler.Disassemble(word, 0));

    [Fact]
    public void EveryTextFits()
    {
        var random = new A64WordGenerator(5);
        Span<char> buffer = stackalloc char[A64Disassembler.MaximumLength];
        for (int op = 1; op < A64Opcodes.Count; op++)
        {
            for (int n = 0; n < 50; n++)
            {
                Assert.True(random.TryNext((A64Opcode)op, out uint word));
                Assert.True(A64Disassembler.TryFormat(word, ulong.MaxValue - 3, buffer, out int length));
                Assert.InRange(length, 2, 80);
            }
        }
    }

    [Fact]
    public void ShortBufferIsReported()
    {
        Span<char> buffer = stackalloc char[16];
        Assert.False(A64Disassembler.TryFormat(0x91000420, 0, buffer[..8], out _));
        Assert.True(A64Disassembler.TryFormat(0x91000420, 0, buffer, out int length));
        Assert.Equal("add\tx0, x1, #0x1", buffer[..length].ToString());
    }

    [Fact]
    public void FormattingAllocatesNothing()
    {
        var random = new A64WordGenerator(6);
        Span<char> buffer = stackalloc char[A64Disassembler.MaximumLength];
        for (int op = 1; op < A64Opcodes.Count; op++)
        {
            random.TryNext((A64Opcode)op, out uint word);
            A64Disassembler.TryFormat(word, 0, buffer, out _);
            long before = GC.GetAllocatedBytesForCurrentThread();
            A64Disassembler.TryFormat(word, 0, buffer, out _);
            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    [Fact]
    public void PcRelativeOperandsAreAddresses()
    {
        Assert.Equal("b\t0xffffffc000080000", A64Disassembler.Disassemble(0x17ffffff, 0xffffffc000080004));
        Assert.Equal("adrp\tx0, 0x40001000", A64Disassembler.Disassemble(0xb0000000, 0x40000ffc));
        Assert.Equal("b.cs\t0x14\t// b.hs, b.nlast", A64Disassembler.Disassemble(0x54000082, 4));
    }

    [Fact]
    public void SystemRegistersHaveNames()
    {
        Assert.Equal("mrs\tx1, midr_el1", A64Disassembler.Disassemble(0xd5380001, 0));
        Assert.Equal("MIDR_EL1", SystemRegisterNames.Name(0xc000));
        Assert.Equal("S3_7_C15_C15_7", SystemRegisterNames.Name(0xffff));
        Assert.Null(SystemRegisterNames.Find(0xffff));
        Assert.Equal("DBGDTRRX_EL0", SystemRegisterNames.Name(0x9828));
        Assert.Equal("DBGDTRTX_EL0", SystemRegisterNames.Name(0x9828, write: true));
        Assert.Equal("TLBI VMALLE1IS", SystemRegisterNames.FindInstruction((8 << 7) | (3 << 3)));
    }
}
