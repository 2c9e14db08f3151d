using System.Diagnostics;

namespace Arm64Vm.Devices.Tests.Images;

/// <summary>QEMU's tools for images (Debian's qemu-utils), where they are installed.</summary>
internal static class QemuImg
{
    public static bool IsInstalled { get; } = File.Exists("/usr/bin/qemu-img") && File.Exists("/usr/bin/qemu-io");

    /// <summary>Skips a test that needs the tools – but not where ARM64VM_CI says that everything must run.</summary>
    public static void Require()
    {
        if (Environment.GetEnvironmentVariable("ARM64VM_CI") is { Length: > 0 })
            Assert.True(IsInstalled, "qemu-img is not there: 'apt-get install qemu-utils' brings it");
        Assert.SkipUnless(IsInstalled, "qemu-img is not there: 'apt-get install qemu-utils' brings it");
    }

    /// <summary>Fails unless qemu-img finds an image without any error or leak.</summary>
    public static void Check(string path)
    {
        var (status, output) = Run("qemu-img", "check", "-f", "qcow2", path);
        Assert.True(status == 0, output);
    }

    /// <summary>Fails unless qemu-img ends with success; returns what it printed.</summary>
    public static string Image(params string[] arguments)
    {
        var (status, output) = Run("qemu-img", arguments);
        Assert.True(status == 0, $"qemu-img {string.Join(' ', arguments)}: {output}");
        return output;
    }

    /// <summary>Runs commands of qemu-io on an image.</summary>
    public static string Io(string path, params string[] commands)
    {
        var (_, output) = Run("qemu-io", ["-f", "qcow2", .. commands.SelectMany(command => (string[])["-c", command]), path]);
        Assert.DoesNotContain("failed", output, StringComparison.Ordinal);
        return output;
    }

    public static (int Status, string Output) Run(string tool, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + error.Result);
    }
}
