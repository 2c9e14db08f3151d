using System.Text.Json;

namespace Arm64Vm.Cli.Tests;

[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public class CacheCommandTests
{
    private const string Quick = "kernels=none";

    [Fact]
    public void ABootFillsTheCacheWhichIsShownAndCleared()
    {
        using var folder = new TemporaryFolder();
        var cache = Path.Combine(folder.Path, "code");
        Assert.Equal(0, CliRun.Of("boot", "--append", Quick, "--code-cache", cache).Status);
        var info = CliRun.Of("cache", "info", "--code-cache", cache);
        Assert.Equal((0, ""), (info.Status, info.Error));
        Assert.StartsWith($"{cache}: 1 files, ", info.Output, StringComparison.Ordinal);
        using (var json = JsonDocument.Parse(CliRun.Of("cache", "info", "--json", "--code-cache", cache).Output))
        {
            Assert.Equal(cache, json.RootElement.GetProperty("folder").GetString());
            Assert.Equal(1, json.RootElement.GetProperty("files").GetInt32());
            Assert.InRange(json.RootElement.GetProperty("bytes").GetInt64(), 10000, json.RootElement.GetProperty("limit").GetInt64());
        }

        // Code that counts instructions is other code.
        string[] counting = ["boot", "--append", Quick, "--code-cache", cache, "--stats", "json"];
        Assert.DoesNotContain("units_loaded", CliRun.Of(counting).ToString(), StringComparison.Ordinal);
        Assert.Contains("units_loaded", CliRun.Of(counting).ToString(), StringComparison.Ordinal);
        using (var json = JsonDocument.Parse(CliRun.Of("cache", "clear", "--json", "--code-cache", cache).Output))
            Assert.InRange(json.RootElement.GetProperty("files").GetInt32(), 1, 2);
        Assert.Empty(Directory.GetFiles(cache));
        Assert.Contains("deleted 0 files", CliRun.Of("cache", "clear", "--code-cache", cache).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void OffKeepsNothing()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, CliRun.Of("boot", "--append", Quick, "--code-cache", "off").Status);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void AFolderThatOthersMayWriteIsToldAndDoneWithout()
    {
        using var folder = new TemporaryFolder();
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0x1FF);
        var run = CliRun.Of("boot", "--append", Quick, "--code-cache", folder.Path);
        Assert.Equal(0, run.Status);
        Assert.Equal($"arm64vm: code cache: {folder.Path} can be written by other users; not used\n", run.Error);
        CliRun.Of("cache", "clear", "--code-cache", folder.Path).ExpectFailure(1, "can be written by other users");
    }

    [Theory]
    [InlineData("boot", "--code-cache", "")]
    [InlineData("cache", "info", "--code-cache", "")]
    public void AnEmptyNameIsRefused(params string[] arguments) => CliRun.Of(arguments).ExpectFailure(2, "must not be empty");
}
