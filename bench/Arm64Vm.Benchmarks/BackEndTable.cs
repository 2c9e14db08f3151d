using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Arm64Vm.Benchmarks;

/// <summary>Both back ends side by side, as a table for docs/benchmarks.md: translation, loops, exits, memory of a method.</summary>
internal static class BackEndTable
{
    private sealed record Row(string What, string Unit, double X64, double Il);

    /// <summary>Measures and prints the table on standard output, behind BenchmarkDotNet's own report.</summary>
    public static void Print(IConfig config)
    {
        List<Row> rows = [];
        Summary translation = Run<TranslationBenchmarks>(config, nameof(TranslationBenchmarks.CompileOnly), nameof(TranslationBenchmarks.CompileIl));
        rows.Add(new Row("translation of IR to host code", "ns/instruction", Median(translation, nameof(TranslationBenchmarks.CompileOnly)), Median(translation, nameof(TranslationBenchmarks.CompileIl))));

        Summary loops = Run<ExecutionBenchmarks>(config, Two(nameof(ExecutionBenchmarks.Hash), nameof(ExecutionBenchmarks.Float), nameof(ExecutionBenchmarks.Memory), nameof(ExecutionBenchmarks.Calls)));
        rows.Add(Both(loops, nameof(ExecutionBenchmarks.Hash), "loop of integer arithmetic", "ns/instruction"));
        rows.Add(Both(loops, nameof(ExecutionBenchmarks.Float), "loop of floating point", "ns/instruction"));
        rows.Add(Both(loops, nameof(ExecutionBenchmarks.Memory), "loop of loads and stores", "ns/instruction"));
        rows.Add(Both(loops, nameof(ExecutionBenchmarks.Calls), "loop of calls and returns", "ns/instruction"));

        Summary exits = Run<ExitBenchmarks>(config, nameof(ExitBenchmarks.InlineLoad), nameof(ExitBenchmarks.SlowLoad), nameof(ExitBenchmarks.EnterAndLeave));
        rows.Add(Both(exits, nameof(ExitBenchmarks.InlineLoad), "load by the inline TLB, with its loop", "ns"));
        rows.Add(Both(exits, nameof(ExitBenchmarks.SlowLoad), "load that leaves and resumes", "ns"));
        rows.Add(Both(exits, nameof(ExitBenchmarks.EnterAndLeave), "run loop in and out", "ns"));

        MethodMemory memory = MethodMemory.Measure();
        rows.Add(new Row("memory of a block's code", "bytes", memory.X64Bytes, memory.IlBytes));
        rows.Add(new Row("the same for a guest instruction", "bytes", memory.X64Bytes / memory.Instructions, memory.IlBytes / memory.Instructions));
        Console.Out.Write(Text(rows));
    }

    private static string Text(List<Row> rows)
    {
        StringWriter text = new(CultureInfo.InvariantCulture);
        text.WriteLine();
        text.WriteLine("| what | unit | x64 | il | il / x64 |");
        text.WriteLine("|---|---|---:|---:|---:|");
        foreach (Row row in rows)
            text.WriteLine($"| {row.What} | {row.Unit} | {Number(row.X64)} | {Number(row.Il)} | {Number(row.Il / row.X64)} |");
        return text.ToString();
    }

    private static string Number(double value) => value.ToString(value < 10 ? "0.00" : value < 1000 ? "0.0" : "0", CultureInfo.InvariantCulture);

    /// <summary>Filters that leave the third executor out.</summary>
    private static IFilter[] Two(params string[] methods) =>
        [new NameFilter(name => methods.Contains(name[(name.LastIndexOf('.') + 1)..])), new SimpleFilter(one => one.Parameters["On"] is not GuestExecutor.Interpreter)];

    private static Summary Run<T>(IConfig config, params string[] methods) => Run<T>(config, [new NameFilter(name => methods.Contains(name[(name.LastIndexOf('.') + 1)..]))]);

    private static Summary Run<T>(IConfig config, IFilter[] filters) => BenchmarkRunner.Run<T>(ManualConfig.Create(config).AddFilter(filters));

    private static Row Both(Summary summary, string method, string what, string unit) =>
        new(what, unit, Median(summary, method, GuestExecutor.X64), Median(summary, method, GuestExecutor.Il));

    /// <summary>Median nanoseconds of a method, on one executor where it has that parameter.</summary>
    private static double Median(Summary summary, string method, GuestExecutor? on = null)
    {
        BenchmarkReport report = summary.Reports.Single(report => report.BenchmarkCase.Descriptor.WorkloadMethod.Name == method
            && (on is null || Equals(report.BenchmarkCase.Parameters["On"], on)));
        return report.ResultStatistics?.Median ?? throw new InvalidOperationException($"{method} was not measured");
    }
}
