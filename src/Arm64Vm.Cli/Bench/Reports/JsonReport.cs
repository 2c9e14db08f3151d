using System.Text;
using System.Text.Json;
using Arm64Vm.Cli.Bench.Figures;

namespace Arm64Vm.Cli.Bench.Reports;

/// <summary>The report as a JSON document, every sample included, which <c>--baseline</c> reads again. docs/benchmarks.md describes it.</summary>
internal static class JsonReport
{
    /// <summary>Grows when the document changes in a way that readers must know of.</summary>
    public const int Format = 1;

    public static string Write(BenchReport report)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("format", Format);
            json.WriteStartObject("circumstances");
            foreach (var (key, value) in report.Circumstances)
                json.WriteString(key, value);
            json.WriteEndObject();
            json.WriteStartArray("workloads");
            foreach (var row in report.Rows)
                Write(json, row);
            json.WriteEndArray();
            json.WriteStartArray("geometric_means");
            foreach (var mean in report.Means)
                Write(json, mean);
            json.WriteEndArray();
            json.WriteStartArray("failures");
            foreach (var failure in report.Failures)
                json.WriteStringValue(failure);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    /// <summary>Reads the workloads of such a document.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="FormatException">It is something else.</exception>
    public static List<BenchRow> Read(string text)
    {
        using var document = JsonDocument.Parse(text);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("format", out var format) || format.ValueKind != JsonValueKind.Number
            || !root.TryGetProperty("workloads", out var workloads) || workloads.ValueKind != JsonValueKind.Array)
        {
            throw new FormatException("it is no document of 'arm64vm bench --json'");
        }

        if (!format.TryGetInt32(out var version) || version != Format)
            throw new FormatException($"its format is {format}, not {Format}");
        return [.. workloads.EnumerateArray().Select(Row)];
    }

    private static BenchRow Row(JsonElement workload)
    {
        return new BenchRow(Text("suite"), Text("name"), Text("class"), Times("ours_ns"), Times("peer_ns"), Times("native_ns"));

        string Text(string name) =>
            workload.ValueKind == JsonValueKind.Object && workload.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()!
                : throw new FormatException($"a workload has no '{name}'");

        List<double?> Times(string name)
        {
            if (!workload.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.Array)
                throw new FormatException($"a workload has no '{name}'");
            return [.. value.EnumerateArray().Select(time => time.ValueKind == JsonValueKind.Number && time.GetDouble() is > 0 and < double.PositiveInfinity and var number ? number : (double?)null)];
        }
    }

    private static void Write(Utf8JsonWriter json, BenchRow row)
    {
        json.WriteStartObject();
        json.WriteString("suite", row.Suite);
        json.WriteString("name", row.Name);
        json.WriteString("class", row.Class);
        WriteTimes(json, "ours_ns", row.Ours);
        WriteTimes(json, "peer_ns", row.Peer);
        WriteTimes(json, "native_ns", row.Native);
        if (row.OurTimes.Count > 0)
        {
            json.WriteNumber("median_ns", Math.Round(Statistics.Median(row.OurTimes)));
            json.WriteNumber("spread", Math.Round(Statistics.Spread(row.OurTimes), 4));
        }

        WriteRatio(json, row.Ratio, row.RatioInterval, row.SlowDown);
        if (row.Counters is { } counters)
            Write(json, counters);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, BenchMean mean)
    {
        json.WriteStartObject();
        json.WriteString("name", mean.Name);
        json.WriteNumber("workloads", mean.Count);
        WriteRatio(json, mean.Ratio, mean.RatioInterval, mean.SlowDown);
        json.WriteEndObject();
    }

    private static void WriteRatio(Utf8JsonWriter json, double? ratio, Interval? interval, double? slowDown)
    {
        if (ratio is { } value && interval is { } range)
        {
            json.WriteNumber("ratio", Math.Round(value, 4));
            json.WriteNumber("ratio_low", Math.Round(range.Low, 4));
            json.WriteNumber("ratio_high", Math.Round(range.High, 4));
        }

        if (slowDown is { } times)
            json.WriteNumber("slow_down", Math.Round(times, 4));
    }

    private static void WriteTimes(Utf8JsonWriter json, string name, IReadOnlyList<double?> times)
    {
        json.WriteStartArray(name);
        foreach (var time in times)
        {
            if (time is { } nanoseconds)
                json.WriteNumberValue(Math.Round(nanoseconds, 1));
            else
                json.WriteNullValue();
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, WorkloadCounters counters)
    {
        json.WriteStartObject("counters");
        json.WriteNumber("instructions", counters.Instructions);
        json.WriteNumber("instructions_translated", counters.Translated);
        json.WriteNumber("code_bytes", counters.CodeBytes);
        if (counters.BytesPerInstruction is { } bytes)
            json.WriteNumber("bytes_per_instruction", Math.Round(bytes, 2));
        json.WriteNumber("translation_ms", Math.Round(counters.TranslationMilliseconds, 3));
        json.WriteStartObject("exits");
        foreach (var (reason, count) in counters.Exits)
            json.WriteNumber(reason, count);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
