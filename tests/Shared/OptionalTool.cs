using System.ComponentModel;
using System.Diagnostics;

namespace Arm64Vm.Tests;

/// <summary>Programs that tests use where they are installed.</summary>
internal static class OptionalTool
{
    /// <summary>A program's real path, through links; <see cref="Miss"/> where there is none.</summary>
    /// <param name="name">As it is called.</param>
    /// <param name="remedy">How to install it.</param>
    public static string Require(string name, string remedy)
    {
        foreach (var folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            var file = new FileInfo(Path.Combine(folder, name));
            if (file.Exists)
                return file.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? file.FullName;
        }

        Miss($"{name} is not installed: {remedy}");
        return name;
    }

    /// <summary>Skips the test because of what the host lacks, but fails it where ARM64VM_CI says that everything must run.</summary>
    public static void Miss(string reason)
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("ARM64VM_CI") is { Length: > 0 }, reason);
        Assert.Fail(reason);
    }

    /// <summary>What a program prints; fails where it ends badly.</summary>
    public static string Read(string program, params string[] arguments)
    {
        var (status, output, error) = Run(program, arguments);
        Assert.True(status == 0, $"{program} {string.Join(' ', arguments)}: status {status}: {error}{output}");
        return output;
    }

    /// <summary>Runs a program to its end, for two minutes at most.</summary>
    /// <exception cref="Win32Exception">It cannot be started.</exception>
    public static (int Status, string Output, string Error) Run(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(2)))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} {string.Join(' ', arguments)} did not end");
        }

        return (process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }
}
