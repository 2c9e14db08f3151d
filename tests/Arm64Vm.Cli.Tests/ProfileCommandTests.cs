using System.Globalization;
using System.Text.Json;

namespace Arm64Vm.Cli.Tests;

/// <summary><c>arm64vm profile</c> and then <c>arm64vm report</c>, as a user would.</summary>
public sealed class ProfileCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WithoutAGuestTheEmbeddedKernelsAreNamedInTheOrderOfTheirTime()
    {
        var run = ShellRun.Of("cd $1; $arm64vm profile --output p --append 'selftest=0 seconds=0.1' >console </dev/null && $arm64vm report p --lines 1000 --json", _folder.Path);
        Assert.Equal((0, ""), (run.Status, run.Error));
        var measured = File.ReadAllLines(Path.Combine(_folder.Path, "console")).Where(line => line.StartsWith("KERNEL ", StringComparison.Ordinal))
            .Select(line => line.TrimEnd().Split(' ')).ToDictionary(words => "kernel_" + words[1], words => double.Parse(words[3], CultureInfo.InvariantCulture));
        Assert.Equal(16, measured.Count);
        using var document = JsonDocument.Parse(run.Output);
        var modules = document.RootElement.GetProperty("modules").EnumerateArray().Select(module => (Name: module.GetProperty("name").GetString()!, Samples: module.GetProperty("samples").GetInt64())).ToList();
        Assert.Equal(modules.Select(module => module.Samples).OrderDescending(), modules.Select(module => module.Samples));
        Assert.Equal(measured.Keys.Order(StringComparer.Ordinal), modules.Select(module => module.Name).Where(name => name.StartsWith("kernel_", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }
}
