using System.Diagnostics;

namespace Arm64Vm.Package.Tests;

/// <summary>The packages of this tree in a folder, with a version of their own, and projects that restore from it.</summary>
public sealed class LocalFeed : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(8);
    private readonly string _root = FindRoot();

    public LocalFeed()
    {
        Version = $"0.1.0-test.{DateTime.UtcNow.Ticks}";
        Directory.CreateDirectory(Feed);
        foreach (var project in (ReadOnlySpan<string>)["packaging/Arm64Vm/Arm64Vm.csproj", "src/Arm64Vm.Cli/Arm64Vm.Cli.csproj"])
            Expect(Dotnet(_root, "pack", Path.Combine(_root, project), "-c", Configuration, "--no-build", "-o", Feed, $"-p:PackageVersion={Version}"));

        // What the users' projects restore is not to stay among this machine's packages, and what is there already need not be fetched.
        File.WriteAllText(Path.Combine(Folder, "nuget.config"), $"""
            <configuration>
              <packageSources><add key="local" value="{Feed}" /></packageSources>
              <fallbackPackageFolders><add key="host" value="{HostPackages}" /></fallbackPackageFolders>
            </configuration>
            """);
    }

    /// <summary>Where users' projects may be made.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("arm64vm-package").FullName;

    public string Feed => Path.Combine(Folder, "feed");

    public string Version { get; }

    /// <summary>Text of a file of the tree.</summary>
    public string Read(string name) => File.ReadAllText(Path.Combine(_root, name));

    /// <summary>Runs dotnet; status and everything it printed.</summary>
    public (int Status, string Output) Dotnet(string folder, params string[] arguments)
    {
        var info = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        info.Environment["NUGET_PACKAGES"] = folder == _root ? HostPackages : Path.Combine(Folder, "packages");
        info.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        foreach (var name in (string[])[.. info.Environment.Keys])
        {
            // The test's own build must not reach into those it starts.
            if (name.StartsWith("MSBuild", StringComparison.Ordinal) || name.StartsWith("TESTINGPLATFORM", StringComparison.Ordinal))
                info.Environment.Remove(name);
        }

        using var process = Process.Start(info)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(s_patience))
            process.Kill(entireProcessTree: true);
        return (process.ExitCode, output.Result + error.Result);
    }

    public static void Expect((int Status, string Output) run) => Assert.True(run.Status == 0, run.Output);

    public void Dispose() => Directory.Delete(Folder, recursive: true);

#if DEBUG
    private const string Configuration = "Debug";
#else
    private const string Configuration = "Release";
#endif

    private static string HostPackages =>
        Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Arm64Vm.sln")))
                return folder.FullName;
        }

        throw new DirectoryNotFoundException("The tests run outside the source tree.");
    }
}
