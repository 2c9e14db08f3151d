using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Arm64Vm.Cli.Monitoring;

/// <summary>A sample as text or JSON.</summary>
internal static class StatusTable
{
    private const int ExitsShown = 3;

    /// <param name="sample">What to show.</param>
    /// <param name="lines">At most so many lines; the busiest machines come first.</param>
    public static string Text(StatusSample sample, int lines = int.MaxValue)
    {
        var text = new StringBuilder();
        var share = sample.Machines.Sum(machine => machine.Share);
        text.Append(CultureInfo.InvariantCulture, $"process {sample.Process}: {sample.Machines.Count} machines, {sample.Workers} workers, {sample.Waiting} waiting, {share * 100:0.0} % of a processor{Released(sample)}\n");
        text.Append("MACHINE        STATE      WEIGHT    CAP   SHARE  EXITS PER SECOND\n");
        var left = lines - 2;
        foreach (var machine in sample.Machines.OrderByDescending(machine => machine.Share))
        {
            if (left-- <= 0)
                break;
            var cap = machine.Cap == 0 ? "-" : (machine.Cap / 10.0).ToString("0.0", CultureInfo.InvariantCulture);
            text.Append(CultureInfo.InvariantCulture, $"{machine.Name,-14} {machine.State.ToLowerInvariant(),-10} {machine.Weight,6} {cap,6} {machine.Share * 100,7:0.0}\n");
            foreach (var processor in machine.Processors)
            {
                if (left-- <= 0)
                    break;
                text.Append(CultureInfo.InvariantCulture, $"  cpu{processor.Index,-10} {processor.State,-10} {"",6} {"",6} {processor.Share * 100,7:0.0}  ");
                text.AppendJoin(", ", processor.Exits.Take(ExitsShown).Select(exit => string.Create(CultureInfo.InvariantCulture, $"{exit.Reason} {exit.Rate:0}")));
                text.Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Released(StatusSample sample) =>
        sample.Machines.Sum(machine => machine.IdleBytesReleased) is > 0 and var bytes ? string.Create(CultureInfo.InvariantCulture, $", {bytes / 1048576.0:0.0} MiB given back by idle machines") : "";

    /// <summary>Translation caches, the fullest first.</summary>
    /// <inheritdoc cref="Text"/>
    public static string Caches(StatusSample sample, int lines = int.MaxValue)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"process {sample.Process}: translation caches of {sample.Machines.Count} machines; made, lost, linked and fetched per second\n");
        text.Append("MACHINE          UNITS      BYTES     TABLES   FULL     MADE  WRITTEN  EVICTED   LINKED  FETCHED  FLUSHES\n");
        foreach (var machine in sample.Machines.OrderByDescending(machine => machine.Cache?.LiveBytes ?? -1).Take(Math.Max(0, lines - 2)))
        {
            if (machine.Cache is { } cache)
                text.Append(CultureInfo.InvariantCulture, $"{machine.Name,-14} {cache.LiveUnits,7} {cache.LiveBytes,10} {cache.TableBytes,10} {(cache.LiveBytes + cache.TableBytes) * 100.0 / Math.Max(1, cache.Capacity),5:0.0}% {cache.Made,8:0} {cache.Written,8:0} {cache.Evicted,8:0} {cache.Links,8:0} {cache.Fetches,8:0} {cache.Flushes,8}\n");
            else
                text.Append(CultureInfo.InvariantCulture, $"{machine.Name,-14} {"-",7}\n");
        }

        return text.ToString();
    }

    public static string Json(StatusSample sample)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteNumber("process", sample.Process);
            json.WriteNumber("workers", sample.Workers);
            json.WriteNumber("waiting", sample.Waiting);
            json.WriteStartArray("machines");
            foreach (var machine in sample.Machines)
            {
                json.WriteStartObject();
                json.WriteString("name", machine.Name);
                json.WriteString("state", machine.State);
                json.WriteNumber("weight", machine.Weight);
                json.WriteNumber("cap", machine.Cap);
                json.WriteNumber("share", Math.Round(machine.Share, 6));
                json.WriteNumber("idle_bytes_released", machine.IdleBytesReleased);
                if (machine.Cache is { } cache)
                {
                    json.WriteStartObject("cache");
                    json.WriteNumber("units", cache.LiveUnits);
                    json.WriteNumber("bytes", cache.LiveBytes);
                    json.WriteNumber("table_bytes", cache.TableBytes);
                    json.WriteNumber("capacity", cache.Capacity);
                    json.WriteNumber("flushes", cache.Flushes);
                    foreach (var (name, rate) in ((string, double)[])[("made", cache.Made), ("written", cache.Written), ("evicted", cache.Evicted), ("linked", cache.Links), ("fetched", cache.Fetches)])
                        json.WriteNumber(name + "_per_second", Math.Round(rate, 3));
                    json.WriteEndObject();
                }

                json.WriteStartArray("processors");
                foreach (var processor in machine.Processors)
                {
                    json.WriteStartObject();
                    json.WriteNumber("index", processor.Index);
                    json.WriteString("state", processor.State);
                    json.WriteNumber("share", Math.Round(processor.Share, 6));
                    json.WriteStartObject("exits_per_second");
                    foreach (var (reason, rate) in processor.Exits)
                        json.WriteNumber(reason, Math.Round(rate, 3));
                    json.WriteEndObject();
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }
}
