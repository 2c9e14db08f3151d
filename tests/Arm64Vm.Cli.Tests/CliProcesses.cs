using System.Diagnostics;

namespace Arm64Vm.Cli.Tests;

/// <summary>Processes of the built program that find each other by a runtime folder of their own, and no others.</summary>
internal sealed class CliProcesses : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>The runtime folder (XDG base directory specification).</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("arm64vm-runtime").FullName;

    public string At(string name) => Path.Combine(Folder, name);

    public Process Start(params string[] arguments) => Start(new Dictionary<string, string?>(), arguments);

    /// <param name="environment">Variables to set, or to take away (null).</param>
    /// <param name="arguments">The command line.</param>
    public Process Start(Dictionary<string, string?> environment, string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["XDG_RUNTIME_DIR"] = Folder;
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        start.ArgumentList.Add(typeof(Application).Assembly.Location);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    /// <summary>What a process prints until it ends, which must be well and without a message.</summary>
    public async Task<string> OutputOf(params string[] arguments)
    {
        using var process = Start(arguments);
        var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
        Assert.Equal((0, ""), await EndOf(process));
        return output;
    }

    /// <summary>A process's status and messages when it has ended.</summary>
    public static async Task<(int Status, string Messages)> EndOf(Process process)
    {
        var messages = await process.StandardError.ReadToEndAsync().WaitAsync(Patience);
        await process.WaitForExitAsync().WaitAsync(Patience);
        return (process.ExitCode, messages);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
