using Arm64Vm.Isa.Generator;

namespace Arm64Vm.Isa.Tests;

public class EncodingTableTests
{
    private static readonly List<EncodingRow> s_rows = SpecReader.ReadDirectory(RepositoryFiles.Path("src", "Arm64Vm.Isa", "Encodings"));

    [Fact]
    public void GeneratedFilesAreUpToDate()
    {
        string directory = RepositoryFiles.Path("src", "Arm64Vm.Isa", "Generated");
        var generated = GeneratedSources.Create(RepositoryFiles.Path("src", "Arm64Vm.Isa", "Encodings")).ToDictionary(f => f.Name, f => f.Text, StringComparer.Ordinal);
        Assert.Equal(generated.Keys.Order(StringComparer.Ordinal), Directory.GetFiles(directory).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));
        foreach ((string name, string text) in generated)
            Assert.True(text == File.ReadAllText(Path.Combine(directory, name)), $"{name} differs: run Arm64Vm.Isa.Generator");
    }

    [Fact]
    public void OverlappingRowsAreAliases()
    {
        for (int i = 0; i < s_rows.Count; i++)
        {
            for (int j = i + 1; j < s_rows.Count; j++)
            {
                EncodingRow a = s_rows[i];
                EncodingRow b = s_rows[j];
                if (!a.Fixed.Intersects(b.Fixed) || a.Fixed.Mask != b.Fixed.Mask && (a.Fixed.Includes(b.Fixed) || b.Fixed.Includes(a.Fixed)))
                    continue;
                Cube both = a.Fixed.Intersection(b.Fixed);
                Assert.True(a.Rejected.Concat(b.Rejected).Any(r => r.Includes(both)), $"{a.EnumName} and {b.EnumName} both take {both.Value:x8}");
            }
        }
    }

    [Fact]
    public void RegisterFieldsAreWhereTheAccessorsReadThem()
    {
        foreach (EncodingRow row in s_rows)
        {
            AssertField(row, 'd', 4, 0);
            if (row.Group is not ("SystemInstruction" or "SystemRegisterMove"))
            {
                AssertField(row, 'n', 9, 5);
                if (row.Group != "AuthenticatedBranch" && !row.Pattern.Contains("Mmmmm", StringComparison.Ordinal))
                    AssertField(row, 'm', row.Pattern.Contains("LMm", StringComparison.Ordinal) || row.Pattern.Contains("LMmmmm", StringComparison.Ordinal) ? 19 : 20, 16);
            }

            AssertField(row, 'a', 14, 10);
            AssertField(row, 'u', 14, 10);
            AssertField(row, 'r', row.Group is "LoadStoreExclusive" or "CompareAndSwap" or "AtomicMemory" ? 20 : -1, 16);
            AssertField(row, 'z', 31, 31);
            AssertField(row, 'Q', 30, 30);
        }
    }

    private static void AssertField(EncodingRow row, char letter, int high, int low)
    {
        if (high < 0 || !row.Pattern.Contains(letter, StringComparison.Ordinal))
            return;
        Assert.True(row.Pattern.IndexOf(letter) == 31 - high && row.Pattern.LastIndexOf(letter) == 31 - low, $"{row.EnumName}: field {letter} in {row.Pattern}");
    }

    [Fact]
    public void EnumerationsCoverTheTable()
    {
        Assert.Equal(A64Opcodes.Count, s_rows.Count + 1);
        Assert.Equal("UNDEFINED", A64Opcodes.Name(A64Opcode.Undefined));
        for (int op = 1; op < A64Opcodes.Count; op++)
        {
            EncodingRow row = s_rows[op - 1];
            var opcode = (A64Opcode)op;
            Assert.Equal(row.EnumName, opcode.ToString());
            Assert.Equal(row.ManualName, A64Opcodes.Name(opcode));
            Assert.Equal(row.Group, A64Opcodes.Group(opcode).ToString());
            Assert.Equal(row.Feature, A64Opcodes.Feature(opcode).ToString());
            Assert.Equal(row.Fixed, new Cube(A64Opcodes.Mask(opcode), A64Opcodes.Value(opcode)));
        }
    }

    [Theory]
    [InlineData("X | X | 0 | Base", "1 bits")]
    [InlineData("X | X | 00000000000000000000000000000ss2 | Base", "'2' in a pattern")]
    [InlineData("X | X | 000000000000000000000000000000ss | Base | !s=1", "too few bits")]
    [InlineData("X | X | 000000000000000000000000000000ss | Base | !s=111", "too many bits")]
    public void BrokenRowsAreReportedWithTheirLine(string row, string message)
    {
        SpecException e = Assert.Throws<SpecException>(() => SpecReader.Read("file.a64", ["group G", row], []));
        Assert.StartsWith("file.a64:2:", e.Message, StringComparison.Ordinal);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }
}
