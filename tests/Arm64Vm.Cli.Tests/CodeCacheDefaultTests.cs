using System.Runtime.InteropServices;

namespace Arm64Vm.Cli.Tests;

/// <summary>Where translated code is kept when nobody says.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class CodeCacheDefaultTests : IDisposable
{
    /// <summary>MOV X0, #0x18 (SYS_EXIT); ADR X1, block; HLT #0xF000; block: ADP_Stopped_ApplicationExit, 0.</summary>
    private static readonly uint[] Exit = [0xD280_0300, 0x1000_0041, 0xD45E_0000, 0x0002_0026, 0, 0, 0];

    private readonly TemporaryFolder _home = new();
    private readonly TemporaryFile _firmware = new(MemoryMarshal.AsBytes<uint>(Exit).ToArray());

    public void Dispose()
    {
        _firmware.Dispose();
        _home.Dispose();
    }

    [Fact]
    public async Task FirmwareOfOnesOwnIsKeptInTheUsualPlace()
    {
        await Boot(setting: null, "--firmware", _firmware.Path);
        Assert.Single(Directory.GetFiles(Path.Combine(_home.Path, "arm64vm"), "*.units"));
    }

    [Theory]
    [InlineData("off")]
    [InlineData(null, "--code-cache", "off")]
    [InlineData(null, "--copies", "1")]
    [InlineData(null, "--stats", "json")]
    public async Task NothingIsKept(string? setting, params string[] options)
    {
        await Boot(setting, ["--firmware", _firmware.Path, .. options]);
        Assert.Empty(Directory.GetFileSystemEntries(_home.Path));
    }

    [Fact]
    public async Task TheEmbeddedFirmwareIsNotKept()
    {
        await Boot(setting: null, "--append", "kernels=none");
        Assert.Empty(Directory.GetFileSystemEntries(_home.Path));
    }

    [Fact]
    public async Task TheVariableNamesAFolder()
    {
        var folder = Path.Combine(_home.Path, "other");
        await Boot(folder, "--firmware", _firmware.Path);
        Assert.Single(Directory.GetFiles(folder, "*.units"));
    }

    /// <summary>A home that cannot be written to is none of the guest's business.</summary>
    [Fact]
    public async Task APlaceThatCannotBeUsedIsNoMessage()
    {
        await File.WriteAllTextAsync(Path.Combine(_home.Path, "arm64vm"), "in the way");
        await Boot(setting: null, "--firmware", _firmware.Path);
    }

    /// <summary>Runs the program; it ends well and without a message.</summary>
    private async Task Boot(string? setting, params string[] options)
    {
        using var processes = new CliProcesses();
        using var process = processes.Start(new Dictionary<string, string?> { ["XDG_CACHE_HOME"] = _home.Path, ["ARM64VM_CODE_CACHE"] = setting }, ["boot", .. options]);
        _ = await process.StandardOutput.ReadToEndAsync().WaitAsync(CliProcesses.Patience);
        var (status, messages) = await CliProcesses.EndOf(process);
        Assert.Equal(0, status);
        if (!options.Contains("--stats"))
            Assert.Equal("", messages);
    }
}
