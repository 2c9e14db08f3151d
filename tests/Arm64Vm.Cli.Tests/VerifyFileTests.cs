using System.IO.Compression;
using System.Text;

namespace Arm64Vm.Cli.Tests;

/// <summary>Malformed vectors: every message names file, line and field, and nothing is without bounds.</summary>
public sealed class VerifyFileTests : IDisposable
{
    private const string Good = """{"n":"ADD_imm","i":"91001420","a":"add x0, x1, #0x5","s":0,"pc":"20000000","out":{"x0":"5"}}""";
    private readonly TemporaryFolder _folder = new();

    public VerifyFileTests()
    {
        File.WriteAllBytes(At("states.bin"), new byte[784]);
        File.WriteAllBytes(At("mem.bin"), new byte[8192]);
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("""{"n":5}""", "'n': must be a string")]
    [InlineData("""{"i":"91001420","s":"0"}""", "'s': must be a number")]
    [InlineData("""{"s":99999999999999999999}""", "'s': must be a whole number of 32 bits")]
    [InlineData("""{"i":"1234567890"}""", "'i': must be 32 bits in hexadecimal")]
    [InlineData("""{"i":[5]}""", "'i': must be a list of strings")]
    [InlineData("""{"i":5}""", "'i': must be a string or a list of strings")]
    [InlineData("""{"pc":"zz"}""", "'pc': must be 64 bits in hexadecimal")]
    [InlineData("""{"set":{"x0":"100000000000000000"}}""", "'set': must be 64 bits in hexadecimal")]
    [InlineData("""{"out":{"y0":"1"}}""", "'out': there is no register 'y0'")]
    [InlineData("""{"out":{"x31":"1"}}""", "'out': there is no register 'x31'")]
    [InlineData("""{"out":{"x0":7}}""", "'out': must be a string")]
    [InlineData("""{"out":[]}""", "'out': must be an object")]
    [InlineData("""{"mem":[[0,"100"]]}""", "'mem': must be 8 bits in hexadecimal")]
    [InlineData("""{"mem":[[0,"1",2]]}""", "'mem': must be a list of two")]
    [InlineData("""{"i":"91001420","s":1,"pc":"20000000"}""", "'s': states.bin has no state 1")]
    [InlineData("""{"i":"91001420","s":0,"pc":"20000002"}""", "'pc': must be a multiple of 4")]
    [InlineData("""{"s":0,"pc":"20000000"}""", "'i': must have 1 to 1024 instructions")]
    [InlineData("""{"i":"91001420","s":0,"pc":"20000000","mem":[[8192,"1"]]}""", "'mem': an offset lies outside")]
    [InlineData("""{"n":"\ud800"}""", "'n': is not JSON in UTF-8")]
    [InlineData("""{"n":""", "'n': is not JSON")]
    [InlineData("[]", "must be an object")]
    [InlineData(Good + " {}", "is not JSON")]
    public void AMalformedVectorIsNamed(string line, string fault)
    {
        Write(Good + "\n" + line);
        var run = CliRun.Of("verify", _folder.Path, "--backend", "interpreter");
        run.ExpectFailure(1, "dp-imm.jsonl.gz, line 2: ");
        Assert.Contains(fault, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void BadUtf8IsNamed()
    {
        Write([.. "{\"n\":\""u8, 0xFF, 0xFE, .. "\"}"u8]);
        CliRun.Of("verify", _folder.Path).ExpectFailure(1, "dp-imm.jsonl.gz, line 1: field 'n'");
    }

    [Theory]
    [InlineData("14000000", "x64")] // b .
    [InlineData("14000000", "interpreter")]
    [InlineData("d503205f\",\"17ffffff", "x64")] // wfe; b .-4
    public void AVectorThatDoesNotEndIsADifference(string words, string backend)
    {
        Write($$"""{"i":["{{words}}","d503201f"],"s":0,"pc":"20000000"}""");
        var run = CliRun.Of("verify", _folder.Path, "--backend", backend, "--tier", "1");
        Assert.Equal((1, ""), (run.Status, run.Error));
        Assert.Contains("did not end within", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void UnpackingIsBounded()
    {
        using (var packer = new GZipStream(File.Create(At("dp-imm.jsonl.gz")), CompressionLevel.Fastest))
        {
            var block = new byte[1 << 20];
            block.AsSpan().Fill((byte)' ');
            for (var i = 0; i < 80; i++)
                packer.Write(block);
        }

        CliRun.Of("verify", _folder.Path).ExpectFailure(1, "dp-imm.jsonl.gz unpacks to more than 64 MiB");
        File.WriteAllBytes(At("dp-imm.jsonl.gz"), [1, 2, 3, 4]);
        CliRun.Of("verify", _folder.Path).ExpectFailure(1, "dp-imm.jsonl.gz: the gzip data are damaged");
    }

    /// <summary>Bytes of a good file changed at random: one sentence at the most, and never the internals.</summary>
    [Fact]
    public void MutatedVectorsEndInAVerdictOrASentence()
    {
        var good = Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Repeat(Good, 3)));
        for (var seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            var bytes = (byte[])good.Clone();
            for (var change = 0; change < 3; change++)
                bytes[random.Next(bytes.Length)] = random.Next(4) == 0 ? (byte)random.Next(256) : "0123456789abcdef\"{}[],:"u8[random.Next(23)];
            Write(bytes);
            var run = CliRun.Of("verify", _folder.Path, "--backend", "interpreter", "--tier", "0");
            Assert.True(run.Status is 0 or 1, $"seed {seed}");
            Assert.DoesNotContain("internal error", run.Error, StringComparison.Ordinal);
            if (run.Error.Length > 0)
                Assert.StartsWith("arm64vm: dp-imm.jsonl.gz, line ", run.Error, StringComparison.Ordinal);
        }
    }

    private string At(string name) => Path.Combine(_folder.Path, name);

    private void Write(string lines) => Write(Encoding.UTF8.GetBytes(lines));

    private void Write(byte[] lines)
    {
        using var packer = new GZipStream(File.Create(At("dp-imm.jsonl.gz")), CompressionLevel.Fastest);
        packer.Write(lines);
    }
}
