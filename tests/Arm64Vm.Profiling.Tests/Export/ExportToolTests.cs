using Arm64Vm.Tests;

namespace Arm64Vm.Profiling.Tests;

/// <summary>Exports as the programs they are for read them. A program that is not installed is named by the skipped test.</summary>
public class ExportToolTests
{
    /// <summary>The whole application, its importers included, in a browser: it shows a profile's name once it has understood the file.</summary>
    [Theory]
    [InlineData("speedscope", "p.json", "processor 0")]
    [InlineData("collapsed", "stacks.txt", "stacks.txt")]
    [InlineData("pprof", "p.pb.gz", "p.pb.gz")]
    [InlineData("chrome", "trace.json", "translations: embedded firmware (pid 1), processor 0 (tid 0)")]
    public void SpeedscopeShowsIt(string format, string name, string shown)
    {
        var chromium = OptionalTool.Require("chromium", "apt-get install chromium");
        var page = Path.Combine(Path.GetDirectoryName(OptionalTool.Require("speedscope", "npm install --global speedscope"))!, "../dist/release/index.html");
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var script = Path.Combine(folder.FullName, "load.js");
            File.WriteAllText(script, $"speedscope.loadFileFromBase64('{name}', '{Convert.ToBase64String(ExportTests.Bytes(ExportTests.Profile(), ProfileExport.Parse(format)!.Value))}')");
            var (_, dom, error) = OptionalTool.Run(chromium, ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", $"--user-data-dir={folder.FullName}/profile", "--virtual-time-budget=20000", "--dump-dom", $"file://{Path.GetFullPath(page)}#localProfilePath={script}"]);
            Assert.True(dom.Contains("Left Heavy", StringComparison.Ordinal), $"speedscope shows no profile: {dom} {error}");
            Assert.Contains(shown, dom, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void GoToolPprofShowsIt()
    {
        OptionalTool.Require("go", "apt-get install golang-go");
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var file = Path.Combine(folder.FullName, "p.pb.gz");
            File.WriteAllBytes(file, ExportTests.Bytes(ExportTests.Profile(), ExportFormat.Pprof));
            var top = OptionalTool.Read("go", "tool", "pprof", "-top", file);
            Assert.Contains("Duration: 2s, Total samples = 6ms", top, StringComparison.Ordinal);
            Assert.Matches(@"2ms 33\.33% +\S+ +3ms +50\.00% +memcpy", top);
            Assert.Matches(@"1ms 16\.67% +\S+ +1ms +16\.67% +\[mmu\]", top);
            Assert.Matches("place: .*emitted|emitted", OptionalTool.Read("go", "tool", "pprof", "-tags", file));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>The Firefox Profiler's own loader, from the command line.</summary>
    [Fact]
    public async Task FirefoxProfilerShowsIt()
    {
        var program = OptionalTool.Require("profiler-cli", "npm install --global @firefox-devtools/profiler-cli");
        var folder = Directory.CreateTempSubdirectory();
        var environment = new Dictionary<string, string> { ["PROFILER_CLI_SESSION_DIR"] = Path.Combine(folder.FullName, "sessions"), ["PROFILER_CLI_NO_SYMBOLICATE"] = "1" };
        try
        {
            var file = Path.Combine(folder.FullName, "p.json");
            File.WriteAllBytes(file, ExportTests.Bytes(ExportTests.Profile(), ExportFormat.Firefox));
            var (status, output, error) = OptionalTool.Run(program, ["load", file], environment);

            // On a slow host it goes on loading when it says that it has not.
            for (var tries = 0; tries < 30 && status != 0; tries++)
            {
                await Task.Delay(1000);
                status = OptionalTool.Run(program, ["profile", "info"], environment).Status;
            }

            Assert.True(status == 0, output + error);
            var functions = OptionalTool.Run(program, ["thread", "functions"], environment).Output;
            Assert.Matches(@"vmlinux!memcpy - self: 2 \(40\.0%\), total: 3 \(60\.0%\)", functions);
            Assert.Matches(@"\[mmu\] - self: 1", functions);
            var markers = OptionalTool.Run(program, ["thread", "markers"], environment).Output;
            Assert.True(markers.Contains("Translation ", StringComparison.Ordinal), markers);
        }
        finally
        {
            OptionalTool.Run(program, ["stop", "--all"], environment);
            folder.Delete(recursive: true);
        }
    }
}
