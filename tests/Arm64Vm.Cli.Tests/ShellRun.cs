using System.Diagnostics;

namespace Arm64Vm.Cli.Tests;

/// <summary>The built program run by a shell, for what only a shell can set up: redirections, pipes, limits.</summary>
internal sealed record ShellRun(int Status, string Output, string Error)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    /// <param name="script">For bash; <c>$arm64vm</c> is the program.</param>
    /// <param name="arguments"><c>$1</c> and so on.</param>
    public static ShellRun Of(string script, params string[] arguments)
    {
        var info = new ProcessStartInfo("/bin/bash") { RedirectStandardOutput = true, RedirectStandardError = true };
        info.Environment["arm64vm"] = $"dotnet {typeof(Application).Assembly.Location}";
        foreach (var argument in (ReadOnlySpan<string>)["-c", "ulimit -c 0; " + script, "bash", .. arguments])
            info.ArgumentList.Add(argument);
        using var process = Process.Start(info)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        Assert.True(process.WaitForExit(s_patience), "the script does not end");
        return new ShellRun(process.ExitCode, output.Result, error.Result);
    }
}
