using System.CommandLine;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Cpu;
using Arm64Vm.Isa;

namespace Arm64Vm.Cli.Commands;

/// <summary><c>arm64vm info</c>: this build and this host.</summary>
internal static class InfoCommand
{
    public static Command Make(CliStreams streams)
    {
        Option<bool> coverage = new("--coverage") { Description = "List the encodings of every group that are not implemented" };
        var command = new Command("info", "Describes this build and what this host offers it.") { coverage };
        command.SetAction(parsed =>
        {
            Write(streams.Text);
            if (parsed.GetValue(coverage))
            {
                streams.Text.WriteLine();
                A64CoverageReport.Write(streams.Text, LifterCoverage.Has);
            }

            return ExitStatus.Success;
        });
        return command;
    }

    private static void Write(TextWriter output)
    {
        var host = HostFeatures.Detect();
        Line(output, "version", ProductVersion.Text);
        Line(output, "runtime", $"{RuntimeInformation.FrameworkDescription}{(RuntimeFeature.IsDynamicCodeSupported ? "" : ", native")}");
        Line(output, "host", $"{RuntimeInformation.OSDescription}, {Environment.ProcessorCount} processors");
        Line(output, "host features", string.Join(' ', FeaturesOf(host)));
        Line(output, "back ends", (host.MeetsBaseline ? "x64 " : "") + (RuntimeFeature.IsDynamicCodeSupported ? "il " : "") + (host.MeetsBaseline ? "interpreter" : "interpreter (x64 needs an x86-64-v3 host)"));
        Line(output, "processors", string.Join(' ', CpuModels.All.Select(model => model.Name)));
        Line(output, "encodings", $"{A64CoverageReport.Count(LifterCoverage.Has)} of {A64Opcodes.Count - 1} implemented");
    }

    private static void Line(TextWriter output, string name, string value) => output.WriteLine($"{name,-16}{value}");

    private static IEnumerable<string> FeaturesOf(HostFeatures host)
    {
        (string Name, bool Has)[] features =
        [
            ("avx2", host.Avx2), ("fma", host.Fma), ("f16c", host.F16c), ("bmi1", host.Bmi1), ("bmi2", host.Bmi2), ("lzcnt", host.Lzcnt),
            ("popcnt", host.Popcnt), ("movbe", host.Movbe), ("aes", host.Aes), ("pclmulqdq", host.Pclmulqdq), ("sha", host.Sha), ("gfni", host.Gfni),
            ("vaes", host.Vaes), ("vpclmulqdq", host.Vpclmulqdq), ("avxvnni", host.AvxVnni), ("avx512vl", host.Avx512Vl), ("avx512bw", host.Avx512Bw),
            ("avx512dq", host.Avx512Dq), ("avx512cd", host.Avx512Cd), ("avx512vbmi", host.Avx512Vbmi), ("avx512vnni", host.Avx512Vnni),
            ("avx512bitalg", host.Avx512Bitalg), ("avx512vpopcntdq", host.Avx512Vpopcntdq), ("fastrepmovs", host.FastRepMovs), ("invarianttsc", host.InvariantTsc),
        ];
        return features.Where(feature => feature.Has).Select(feature => feature.Name);
    }
}
