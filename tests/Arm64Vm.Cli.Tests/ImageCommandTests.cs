using System.Text.Json;

namespace Arm64Vm.Cli.Tests;

public sealed class ImageCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ImagesAreMadeDescribedCheckedConvertedAndResized()
    {
        var (disk, over, raw) = (Name("disk.qcow2"), Name("over.qcow2"), Name("disk.img"));
        Succeed("image", "create", disk, "20M");
        Succeed("image", "create", over, "--backing", disk);
        Assert.Contains("20M (20971520 bytes)", Succeed("image", "info", over), StringComparison.Ordinal);
        using (var info = JsonDocument.Parse(Succeed("image", "info", "--json", over)))
        {
            Assert.Equal("disk.qcow2", Path.GetFileName(info.RootElement.GetProperty("backingPath").GetString()));
            Assert.Equal("qcow2", info.RootElement.GetProperty("backingFormat").GetString());
            Assert.Equal(20 << 20, info.RootElement.GetProperty("size").GetInt32());
        }

        Assert.Contains("0 errors, 0 clusters lost", Succeed("image", "check", over), StringComparison.Ordinal);
        Succeed("image", "convert", over, raw);
        Assert.Equal(20 << 20, new FileInfo(raw).Length);
        Succeed("image", "resize", raw, "+1M");
        Succeed("image", "resize", disk, "4G");
        Assert.Contains("4G (4294967296 bytes)", Succeed("image", "info", disk), StringComparison.Ordinal);
        CliRun.Of("image", "resize", disk, "1G").ExpectFailure(ExitStatus.Usage, "--shrink");
        Succeed("image", "resize", disk, "1G", "--shrink");
    }

    [Fact]
    public void WhatCannotBeIsSaidInOneLine()
    {
        var disk = Name("disk.qcow2");
        Succeed("image", "create", disk, "1M");
        CliRun.Of("image").ExpectFailure(ExitStatus.Usage, "command");
        CliRun.Of("image", "create", disk, "1M").ExpectFailure(ExitStatus.Failure, "--force");
        CliRun.Of("image", "create", Name("x"), "1X").ExpectFailure(ExitStatus.Usage, "not a size");
        CliRun.Of("image", "create", Name("x")).ExpectFailure(ExitStatus.Usage, "needs a size");
        CliRun.Of("image", "create", Name("x"), "1M", "--format", "vmdk").ExpectFailure(ExitStatus.Usage, "no disk format");
        CliRun.Of("image", "create", Name("x"), "1M", "--cluster-size", "1000").ExpectFailure(ExitStatus.Usage, "power of two");
        CliRun.Of("image", "create", Name("x"), "--backing", Name("nothing")).ExpectFailure(ExitStatus.Failure, "nothing");
        CliRun.Of("image", "convert", disk, disk, "--force").ExpectFailure(ExitStatus.Usage, "is the source or one of its backing files");
        CliRun.Of("image", "info", Name("nothing")).ExpectFailure(ExitStatus.Failure, "nothing");
        CliRun.Of("image", "info", _folder.Path).ExpectFailure(ExitStatus.Failure, "folder");
        File.WriteAllBytes(Name("raw.img"), new byte[512]);
        CliRun.Of("image", "check", Name("raw.img")).ExpectFailure(ExitStatus.Failure, "no qcow2 image");
        Assert.Equal(2, Directory.GetFiles(_folder.Path).Length);
    }

    /// <summary>A format that is only read.</summary>
    [Fact]
    public void AVmdkIsDescribedAndConverted()
    {
        var content = new byte[1 << 20];
        content[^1] = 7;
        File.WriteAllBytes(Name("disk-flat.vmdk"), content);
        File.WriteAllText(Name("disk.vmdk"), "# Disk DescriptorFile\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\nRW 2048 FLAT \"disk-flat.vmdk\" 0\n");
        var text = Succeed("image", "info", Name("disk.vmdk"));
        Assert.Contains("vmdk, monolithicFlat", text, StringComparison.Ordinal);
        Assert.Contains("1M (1048576 bytes)", text, StringComparison.Ordinal);
        Assert.Contains(Name("disk-flat.vmdk"), text, StringComparison.Ordinal);
        using (var info = JsonDocument.Parse(Succeed("image", "info", "--json", Name("disk.vmdk"))))
            Assert.Equal(("vmdk", "monolithicFlat", 1), (info.RootElement.GetProperty("format").GetString(), info.RootElement.GetProperty("layout").GetString(), info.RootElement.GetProperty("extents").GetArrayLength()));
        Succeed("image", "convert", Name("disk.vmdk"), Name("disk.img"));
        Assert.Equal(content, File.ReadAllBytes(Name("disk.img")));
        CliRun.Of("image", "convert", Name("disk.vmdk"), Name("disk-flat.vmdk"), "--force").ExpectFailure(ExitStatus.Usage, "is the source or one of");
        CliRun.Of("boot", "--disk", Name("disk.vmdk")).ExpectFailure(ExitStatus.Failure, "arm64vm image convert");
        File.WriteAllBytes(Name("disk-flat.vmdk"), content[..^512]);
        foreach (var command in (string[][])[["info", Name("disk.vmdk")], ["convert", Name("disk.vmdk"), Name("other.img")]])
            CliRun.Of(["image", .. command]).ExpectFailure(ExitStatus.Failure, "2048 sectors from sector 0 are needed");
        Assert.False(File.Exists(Name("other.img")));
    }

    [Fact]
    public void CheckSaysByItsStatusWhatItFound()
    {
        var disk = Name("disk.qcow2");
        Succeed("image", "create", disk, "1M");

        // The count of a cluster that is not used: behind header, table, and block with two bytes for each.
        using (var file = File.OpenWrite(disk))
        {
            file.Position = (2 << 16) + (20 * 2) + 1;
            file.WriteByte(1);
        }

        var leak = CliRun.Of("image", "check", disk);
        Assert.Equal((3, ""), (leak.Status, leak.Error));
        using (var json = JsonDocument.Parse(CliRun.Of("image", "check", "--json", disk).Output))
            Assert.Equal(1, json.RootElement.GetProperty("leaks").GetInt32());
        Assert.Contains("repaired", Succeed("image", "check", "--repair", disk), StringComparison.Ordinal);
        Succeed("image", "check", disk);
        using (var file = File.OpenWrite(disk))
        {
            file.Position = (2 << 16) + 1;
            file.WriteByte(0);
        }

        Assert.Equal(4, CliRun.Of("image", "check", disk).Status);
    }

    [Theory]
    [InlineData("create")]
    [InlineData("info")]
    [InlineData("convert")]
    [InlineData("check")]
    [InlineData("resize")]
    public void HelpHasExamples(string command)
    {
        var output = Succeed("image", command, "--help");
        Assert.Contains($"arm64vm image {command}", output[output.IndexOf("Examples:", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    private static string Succeed(params string[] arguments)
    {
        var run = CliRun.Of(arguments);
        Assert.Equal((0, ""), (run.Status, run.Error));
        return run.Output;
    }

    private string Name(string name) => Path.Combine(_folder.Path, name);
}
