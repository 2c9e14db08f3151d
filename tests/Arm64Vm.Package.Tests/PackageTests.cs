using System.IO.Compression;
using System.Xml.Linq;

namespace Arm64Vm.Package.Tests;

/// <summary>The packages as users have them: from a feed, with one reference.</summary>
public sealed class PackageTests(LocalFeed feed) : IClassFixture<LocalFeed>
{
    /// <summary>Boots the embedded firmware, or U-Boot where its file is given, and types a command.</summary>
    private const string Program = """
        using Arm64Vm.Machine;

        if (args.Length == 0)
        {
            await using VirtualMachine machine = VirtualMachine.Create(new MachineConfig { Memory = 128UL << 20, Append = "kernels=none" });
            RunResult result = await machine.RunAsync();
            Console.WriteLine($"{result.End} {machine.Console.Text.Contains("FIRMWARE OK")}");
        }
        else
        {
            await using VirtualMachine machine = VirtualMachine.Create(new MachineConfig { Firmware = args[0] });
            Task<RunResult> run = machine.RunAsync();
            await machine.WaitForConsoleAsync("autoboot", TimeSpan.FromSeconds(100));
            machine.Console.Type("\n");
            await machine.WaitForConsoleAsync("=> ", TimeSpan.FromSeconds(100));
            machine.Console.Type("echo typed-$((6 * 7))\n");
            await machine.WaitForConsoleAsync("typed-", TimeSpan.FromSeconds(100));
            machine.Console.Type("poweroff\n");
            Console.WriteLine((await run).End);
        }

        try
        {
            VirtualMachine.Create(new MachineConfig { Cpu = "none" });
        }
        catch (MachineException e)
        {
            Console.WriteLine(e.Message);
        }
        """;

    [Fact]
    public void ThePackageHasEverythingInside()
    {
        Assert.Equal(2, Directory.GetFiles(feed.Feed, "*.nupkg").Length);
        using var package = ZipFile.OpenRead(Path.Combine(feed.Feed, $"Arm64Vm.{feed.Version}.nupkg"));
        var names = package.Entries.Select(entry => entry.FullName).ToList();
        foreach (var assembly in (ReadOnlySpan<string>)["Isa", "Ir", "Backend.X64", "Backend.Il", "Translation", "Cpu", "Devices", "Scheduling", "Profiling", "Machine"])
        {
            foreach (var kind in (ReadOnlySpan<string>)["dll", "xml", "pdb"])
                Assert.Contains($"lib/net10.0/Arm64Vm.{assembly}.{kind}", names);
        }

        Assert.DoesNotContain(names, name => name.Contains("Generator", StringComparison.Ordinal) || name.Contains("Test", StringComparison.Ordinal));
        Assert.Contains("README.md", names);
        var description = XDocument.Load(package.GetEntry("Arm64Vm.nuspec")!.Open()).Root!.Elements().Single();
        Assert.Equal("MIT", Text("license"));
        Assert.Equal("README.md", Text("readme"));
        Assert.Contains("aarch64", Text("tags"), StringComparison.Ordinal);
        Assert.DoesNotContain("Package Description", Text("description"), StringComparison.Ordinal);
        Assert.Equal(["ZstdSharp.Port"], description.Descendants().Where(element => element.Name.LocalName == "dependency").Select(element => element.Attribute("id")!.Value));

        string Text(string name) => description.Elements().Single(element => element.Name.LocalName == name).Value;
    }

    [Fact]
    public void AConsoleProjectBootsWithOneReference()
    {
        var folder = Make("console", "<OutputType>Exe</OutputType>", "", Program);
        LocalFeed.Expect(feed.Dotnet(folder, "build", "-o", "out"));
        var run = feed.Dotnet(folder, "out/console.dll");
        LocalFeed.Expect(run);
        Assert.StartsWith("PowerOff True\nThere is no processor 'none'", run.Output, StringComparison.Ordinal);
        var guests = Environment.GetEnvironmentVariable("ARM64VM_GUESTS") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "arm64vm-guests");
        var bootLoader = Path.Combine(guests, "u-boot.bin");
        if (!File.Exists(bootLoader))
            return;
        var typed = feed.Dotnet(folder, "out/console.dll", bootLoader);
        LocalFeed.Expect(typed);
        Assert.StartsWith("PowerOff\n", typed.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("packaging/README.md")]
    public void TheSampleCompilesAsPrinted(string document)
    {
        var text = feed.Read(document);
        var start = text.IndexOf("```csharp\n", StringComparison.Ordinal) + "```csharp\n".Length;
        var folder = Make(document.Contains('/', StringComparison.Ordinal) ? "sample-package" : "sample", "<OutputType>Exe</OutputType><TreatWarningsAsErrors>true</TreatWarningsAsErrors>", "", text[start..text.IndexOf("```", start, StringComparison.Ordinal)]);
        LocalFeed.Expect(feed.Dotnet(folder, "build", "-o", "out"));
    }

    [Fact]
    public void AnXunitProjectTestsAGuestWithOneReference()
    {
        var folder = Make("guest-tests", "<OutputType>Exe</OutputType>", """<PackageReference Include="xunit.v3" Version="3.2.2" />""", """
            using Arm64Vm.Machine;
            using Xunit;

            public class GuestTests
            {
                [Fact]
                public async Task TheFirmwareTestsItself()
                {
                    await using var machine = VirtualMachine.Create(new MachineConfig { Memory = 128UL << 20, Append = "kernels=none" });
                    var run = machine.RunAsync();
                    await machine.WaitForConsoleAsync("FIRMWARE OK", TimeSpan.FromSeconds(100));
                    Assert.Equal(RunEnd.PowerOff, (await run).End);
                }
            }
            """);
        LocalFeed.Expect(feed.Dotnet(folder, "build", "-o", "out"));
        LocalFeed.Expect(feed.Dotnet(folder, "out/guest-tests.dll"));
    }

    [Fact]
    public void TheCommandLineIsATool()
    {
        var tools = Path.Combine(feed.Folder, "tools");
        LocalFeed.Expect(feed.Dotnet(feed.Folder, "tool", "install", "Arm64Vm.Tool", "--version", feed.Version, "--tool-path", tools, "--add-source", feed.Feed));
        Assert.True(File.Exists(Path.Combine(tools, "arm64vm")));
        var run = feed.Dotnet(feed.Folder, Directory.GetFiles(tools, "arm64vm.dll", SearchOption.AllDirectories)[0], "boot", "--append", "kernels=none", "--memory", "128M");
        LocalFeed.Expect(run);
        Assert.Contains("FIRMWARE OK", run.Output, StringComparison.Ordinal);
    }

    private string Make(string name, string properties, string references, string program)
    {
        var folder = Directory.CreateDirectory(Path.Combine(feed.Folder, name)).FullName;
        File.WriteAllText(Path.Combine(folder, "Program.cs"), program);
        File.WriteAllText(Path.Combine(folder, name + ".csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                {properties}
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Arm64Vm" Version="{feed.Version}" />
                {references}
              </ItemGroup>
            </Project>
            """);
        return folder;
    }
}
