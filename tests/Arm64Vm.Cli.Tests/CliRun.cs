using System.Text;

namespace Arm64Vm.Cli.Tests;

/// <summary>The command line run inside the test's process.</summary>
internal sealed record CliRun(int Status, string Output, string Error)
{
    public static CliRun Of(params string[] arguments) => OfWithInput("", arguments);

    public static CliRun OfWithInput(string input, params string[] arguments)
    {
        using var output = new MemoryStream();
        using var error = new StringWriter { NewLine = "\n" };
        int status;
        using (var streams = new CliStreams { Input = new MemoryStream(Encoding.UTF8.GetBytes(input)), Output = output, Error = error })
            status = Application.Run(arguments, streams);
        return new CliRun(status, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }

    /// <summary>Checks a failure: the status, one line on standard error, and what it says.</summary>
    public void ExpectFailure(int status, string message)
    {
        Assert.Equal(status, Status);
        Assert.StartsWith("arm64vm: ", Error, StringComparison.Ordinal);
        Assert.Equal(1, Error.Count(c => c == '\n'));
        Assert.Contains(message, Error, StringComparison.Ordinal);
        Assert.DoesNotContain("internal error", Error, StringComparison.Ordinal);
    }
}
