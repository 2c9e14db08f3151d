using System.ComponentModel;
using System.Diagnostics;

namespace Arm64Vm.Cli.Tests;

/// <summary>Programs of the host that tests set their surroundings up with.</summary>
internal static class HostCommand
{
    /// <summary>Whether a program is there and succeeds.</summary>
    public static bool Run(string program, params string[] arguments) => TryRead(program, arguments) is not null;

    /// <summary>What a program prints, without the line's end; null where it fails or is not there.</summary>
    public static string? TryRead(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? output.TrimEnd() : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
