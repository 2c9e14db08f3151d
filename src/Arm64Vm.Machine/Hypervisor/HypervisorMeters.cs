using System.Diagnostics.Metrics;
using Arm64Vm.Scheduling;

namespace Arm64Vm.Machine;

/// <summary>What the machines of a hypervisor do, as instruments of <see cref="System.Diagnostics.Metrics"/>: dotnet-counters and OpenTelemetry show them. Nothing is counted or read for them unless somebody listens.</summary>
/// <remarks>Counts are those since a machine's last reset. Each has the tag "machine", the machine's name.</remarks>
internal sealed class HypervisorMeters : IDisposable
{
    public const string MeterName = "Arm64Vm";
    private const string Machine = "machine";

    private readonly Hypervisor _hypervisor;
    private readonly Meter _meter;

    public HypervisorMeters(Hypervisor hypervisor)
    {
        _hypervisor = hypervisor;
        _meter = new Meter(new MeterOptions(MeterName) { Scope = hypervisor });
        _meter.CreateObservableCounter("arm64vm.translation.units", () => Each(usage => usage.Translation?.Units), "{unit}", "Translation units made");
        _meter.CreateObservableCounter("arm64vm.translation.time", TranslationTime, "s", "Host time spent translating, from when it was asked for first");
        _meter.CreateObservableUpDownCounter("arm64vm.cache.usage", () => Each(usage => usage.Cache?.Bytes), "By", "Bytes of host code that can be reached");
        _meter.CreateObservableUpDownCounter("arm64vm.cache.limit", () => Each(usage => usage.Cache?.Capacity), "By", "Bytes of host code and its tables that the cache can hold");
        _meter.CreateObservableCounter("arm64vm.cache.removals", Removals, "{unit}", "Units dropped, by cause: their code was written, or room was needed");
        _meter.CreateObservableCounter("arm64vm.cache.flushes", () => Each(usage => usage.Translation?.Flushes), "{flush}", "Times that everything was dropped");
        _meter.CreateObservableCounter("arm64vm.exits", Exits, "{exit}", "Returns from guest code to the run loop, by reason");
        _meter.CreateObservableUpDownCounter("arm64vm.processors.running", () => Each<int>(usage => usage.Processors.Count(IsRunning)), "{processor}", "Virtual processors that run on a host thread");
        _meter.CreateObservableCounter("arm64vm.processors.time", () => Each<double>(usage => usage.RunTime.TotalSeconds), "s", "Host time for which virtual processors have run");
    }

    public void Dispose() => _meter.Dispose();

    private static bool IsRunning(ProcessorUsage processor) => processor.Schedule is { State: EntityState.Running or EntityState.RunningWoken };

    /// <summary>One value a machine, of those that have one.</summary>
    private IEnumerable<Measurement<T>> Each<T>(Func<MachineUsage, T?> value)
        where T : struct
    {
        foreach (var usage in _hypervisor.GetUsage())
        {
            if (value(usage) is { } one)
                yield return new Measurement<T>(one, new KeyValuePair<string, object?>(Machine, usage.Name));
        }
    }

    private IEnumerable<Measurement<double>> TranslationTime()
    {
        foreach (var machine in _hypervisor.Machines)
            machine.TimeTranslations();
        return Each(usage => usage.Translation?.Time.TotalSeconds);
    }

    private IEnumerable<Measurement<long>> Removals()
    {
        foreach (var usage in _hypervisor.GetUsage())
        {
            if (usage.Translation is not { } translation)
                continue;
            foreach (var (cause, count) in ((string, long)[])[("written", translation.Invalidated), ("evicted", translation.Evicted)])
                yield return new Measurement<long>(count, new KeyValuePair<string, object?>(Machine, usage.Name), new KeyValuePair<string, object?>("cause", cause));
        }
    }

    private IEnumerable<Measurement<long>> Exits()
    {
        foreach (var usage in _hypervisor.GetUsage())
        {
            foreach (var reason in usage.Processors.SelectMany(processor => processor.Exits).GroupBy(exit => exit.Reason))
                yield return new Measurement<long>((long)reason.Aggregate(0UL, (sum, exit) => sum + exit.Count), new KeyValuePair<string, object?>(Machine, usage.Name), new KeyValuePair<string, object?>("reason", reason.Key));
        }
    }
}
