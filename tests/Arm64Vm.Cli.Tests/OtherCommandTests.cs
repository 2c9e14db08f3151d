using System.Text.Json;
using Arm64Vm.Isa;
using Arm64Vm.Machine.Tests.Machines;

namespace Arm64Vm.Cli.Tests;

public class OtherCommandTests
{
    [Fact]
    public void VersionIsOneLine()
    {
        var run = CliRun.Of("--version");
        Assert.Equal(0, run.Status);
        Assert.Matches(@"^\d+\.\d+\.\d+\S*\n$", run.Output);
    }

    [Theory]
    [InlineData("boot")]
    [InlineData("bench")]
    [InlineData("verify")]
    [InlineData("disasm")]
    [InlineData("info")]
    [InlineData("lockstep")]
    [InlineData("completion")]
    [InlineData("cache")]
    public void HelpHasExamples(string command)
    {
        var run = CliRun.Of(command, "--help");
        Assert.Equal((0, ""), (run.Status, run.Error));
        Assert.Contains("Usage:", run.Output, StringComparison.Ordinal);
        Assert.Contains("Examples:", run.Output, StringComparison.Ordinal);
        Assert.Contains($"arm64vm {command}", run.Output[run.Output.IndexOf("Examples:", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("boot", "123    the machine ended after a panic")]
    [InlineData("lockstep", "120    the guest waits for an interrupt that will never come")]
    [InlineData("verify", "1      one differs")]
    [InlineData("bench", "3      with --baseline")]
    public void HelpHasTheStatuses(string command, string line)
    {
        Assert.Contains("Status:\n", CliRun.Of(command, "--help").Output, StringComparison.Ordinal);
        Assert.Contains(line, CliRun.Of(command, "--help").Output, StringComparison.Ordinal);
        Assert.DoesNotContain(line, CliRun.Of("--help").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void DisassemblesWords()
    {
        var run = CliRun.Of("disasm", "d503201f", "0xd65f03c0", "--base", "0x1000");
        Assert.Equal("            1000:  d503201f  nop\n            1004:  d65f03c0  ret\n", run.Output);
    }

    [Fact]
    public void DisassemblesTheCodeOfAnElfFile()
    {
        using var file = new TemporaryFile(new TestProgram().Add(0xD503_201F).Hang().ToElf());
        var run = CliRun.Of("disasm", file.Path);
        Assert.Equal("segment at 0x40080000:\n        40080000:  d503201f  nop\n        40080004:  14000000  " + A64Disassembler.Disassemble(0x1400_0000, 0x4008_0004) + "\n", run.Output);
    }

    /// <summary>The headers of a file are no code, data between code are none either, and names are shown.</summary>
    [Fact]
    public void DisassemblesSectionsWithTheirSymbols()
    {
        using var file = new TemporaryFile(SmallElf.WithSections([0xD503_201F, 0x1234_5678, 0xD65F_03C0], [("start", 0), ("$x", 0), ("$d", 4), ("$x", 8), ("end", 8)]));
        Assert.Equal("section .text at 0x1000:\n<start>:\n            1000:  d503201f  nop\n            1004:  12345678  .word 0x12345678\n<end>:\n            1008:  d65f03c0  ret\n", CliRun.Of("disasm", file.Path).Output);
        var random = new Random(3);
        var good = File.ReadAllBytes(file.Path);
        for (var i = 0; i < 300; i++)
        {
            var bad = (byte[])good.Clone();
            for (var change = 0; change < 4; change++)
                bad[random.Next(20, bad.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(file.Path, bad);
            var run = CliRun.Of("disasm", file.Path);
            Assert.True(run.Status is 0 or 1);
            Assert.DoesNotContain("internal error", run.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void DisassemblyFailsInOneLine()
    {
        using var noise = new TemporaryFile("\u007FELF but not really"u8.ToArray());
        CliRun.Of("disasm", "/nonexistent").ExpectFailure(1, "neither an instruction word nor a file");
        CliRun.Of("disasm", noise.Path).ExpectFailure(1, "ELF file is truncated");
        CliRun.Of("disasm", "d503201f", "--base", "here").ExpectFailure(2, "hexadecimal");
        CliRun.Of("disasm").ExpectFailure(2, "");
    }

    [Fact]
    public void InfoNamesBackEndsAndCoverage()
    {
        var run = CliRun.Of("info", "--coverage");
        Assert.Equal(0, run.Status);
        Assert.Contains("interpreter", run.Output, StringComparison.Ordinal);
        Assert.Contains("neoverse-n1", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"encodings +\d+ of \d+ implemented", run.Output);
        Assert.Contains("PcRelative", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bash", "complete ")]
    [InlineData("zsh", "#compdef arm64vm")]
    [InlineData("fish", "complete -c arm64vm")]
    public void CompletionScriptsAskTheProgram(string shell, string expected)
    {
        var run = CliRun.Of("completion", shell);
        Assert.Equal(0, run.Status);
        Assert.Contains(expected, run.Output, StringComparison.Ordinal);
        Assert.Contains("[suggest:", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void SuggestsWhatComesNext()
    {
        var commands = CliRun.Of("[suggest:8]", "arm64vm ").Output.Split('\n');
        Assert.Contains("boot", commands);
        Assert.Contains("verify", commands);
        var options = CliRun.Of("[suggest:15]", "arm64vm boot --").Output.Split('\n');
        Assert.Contains("--kernel", options);
        Assert.DoesNotContain("/?", options);
        Assert.DoesNotContain("/h", commands);
        Assert.Contains("cortex-a72", Suggest("arm64vm boot --cpu "));
        Assert.Contains("max,pauth=fast", Suggest("arm64vm boot --cpu max,"));
        Assert.Contains("d.img,readonly", Suggest("arm64vm boot --disk d.img,"));
        Assert.Contains("mmio,guest", Suggest("arm64vm boot --log mmio,g"));
        Assert.Contains("stdio", Suggest("arm64vm boot --serial "));
        Assert.Contains("exec,tlb", Suggest("arm64vm boot --trace exec,t"));
        Assert.Contains("pty", Suggest("arm64vm boot --serial2 "));
        Assert.Contains("tcp::4444,server", Suggest("arm64vm boot --serial tcp::4444,"));
        Assert.Contains("file:", Suggest("arm64vm lockstep --serial "));

        static string[] Suggest(string line) => CliRun.Of($"[suggest:{line.Length}]", line).Output.Split('\n');
    }

    [Fact]
    public void VerifyRunsTheEmbeddedVectors()
    {
        var run = CliRun.Of("verify", "--tier", "1", "--json");
        var report = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal(6, report.GetProperty("files").GetArrayLength());
        Assert.True(report.GetProperty("passed").GetInt32() > 10_000);
        Assert.Equal((0, 0), (report.GetProperty("failed").GetInt32(), run.Status));
    }

    [Fact]
    public void VerifyTellsOfFoldersWithoutVectors()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            CliRun.Of("verify", "/nonexistent").ExpectFailure(1, "/nonexistent");
            CliRun.Of("verify", folder.FullName).ExpectFailure(1, $"no vectors in '{folder.FullName}'");
            File.WriteAllBytes(Path.Combine(folder.FullName, "states.bin"), new byte[784]);
            File.WriteAllBytes(Path.Combine(folder.FullName, "mem.bin"), new byte[8192]);
            CliRun.Of("verify", folder.FullName).ExpectFailure(1, "no vectors");
            File.WriteAllBytes(Path.Combine(folder.FullName, "branch.jsonl.gz"), [1, 2, 3]);
            Assert.Equal(1, CliRun.Of("verify", folder.FullName).Status);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void VerifyShowsADifferenceReadably()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            File.WriteAllBytes(Path.Combine(folder.FullName, "states.bin"), new byte[784]);
            File.WriteAllBytes(Path.Combine(folder.FullName, "mem.bin"), new byte[8192]);
            using (var file = File.Create(Path.Combine(folder.FullName, "dp-imm.jsonl.gz")))
            using (var packed = new System.IO.Compression.GZipStream(file, System.IO.Compression.CompressionLevel.Fastest))
                packed.Write("""{"n":"ADD_imm","i":"91001420","a":"add x0, x1, #0x5","s":0,"pc":"20000000","out":{"x0":"6"}}"""u8);
            var run = CliRun.Of("verify", folder.FullName, "--backend", "interpreter");
            Assert.Equal(1, run.Status);
            Assert.Contains("x0: expected 6, actual 5", run.Output, StringComparison.Ordinal);
            Assert.Contains("add x0, x1, #0x5", run.Output, StringComparison.Ordinal);
            Assert.EndsWith("0 passed, 2 failed\n", run.Output, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void LockstepComparesBothExecutors()
    {
        using var kernel = new TemporaryFile(new TestProgram().Print("same").PowerOff().ToElf());
        var run = CliRun.Of("lockstep", kernel.Path, "--memory", "64M");
        Assert.Equal((0, ""), (run.Status, run.Error));
        Assert.StartsWith("same", run.Output, StringComparison.Ordinal);
        Assert.Contains("no difference", run.Output, StringComparison.Ordinal);
        CliRun.Of("lockstep", kernel.Path, "--limit", "0").ExpectFailure(2, "not a number of units");
    }
}
