using System.Diagnostics;

namespace Arm64Vm.Cli.Tests;

/// <summary>The process of user networking, as the product starts and leaves it.</summary>
public class NetworkProcessTests
{
    [Fact]
    public void WithoutPasstTheErrorSaysWhatIsMissing()
    {
        using var process = Start("/nonexistent", "boot", "--net", "user");
        var error = process.StandardError.ReadToEnd();
        Assert.True(process.WaitForExit(60_000));
        Assert.Equal(1, process.ExitCode);
        Assert.Contains("apt install passt", error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    [Fact]
    public async Task PasstEndsWhenTheMachinesProcessIsKilled()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/passt"), "passt is not installed");
        var marker = $"127.0.0.1/{Random.Shared.Next(20_000, 30_000)}:9";
        using var process = Start(Environment.GetEnvironmentVariable("PATH")!, "boot", "--append", "seconds=600", "--net", "user,forward=" + marker.Replace('/', ':'));
        try
        {
            await WaitAsync(() => IsRunning(marker));
        }
        finally
        {
            process.Kill();
        }

        await WaitAsync(() => !IsRunning(marker));
    }

    private static Process Start(string path, params string[] arguments)
    {
        var info = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        info.Environment["PATH"] = path;
        info.ArgumentList.Add(typeof(Application).Assembly.Location);
        foreach (var argument in arguments)
            info.ArgumentList.Add(argument);
        return Process.Start(info)!;
    }

    private static bool IsRunning(string marker)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            try
            {
                if (File.ReadAllText(Path.Combine(folder, "cmdline")) is var line && line.StartsWith("passt", StringComparison.Ordinal) && line.Contains(marker, StringComparison.Ordinal))
                    return true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has ended, or is no process.
            }
        }

        return false;
    }

    private static async Task WaitAsync(Func<bool> condition)
    {
        // passt executes itself once more for the processor that it finds, and has no command line for a moment meanwhile.
        const int InARow = 3;
        var held = 0;
        for (var i = 0; i < 600 && held < InARow; i++)
        {
            held = condition() ? held + 1 : 0;
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        Assert.Equal(InARow, held);
    }
}
