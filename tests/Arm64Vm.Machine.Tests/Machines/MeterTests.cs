using System.Diagnostics.Metrics;

namespace Arm64Vm.Machine.Tests.Machines;

/// <summary>Meters say what the statistics say, and nothing is timed for them while nobody listens.</summary>
public class MeterTests
{
    private const string Short = "selftest=0 seconds=0.01 kernels=sort";

    [Fact]
    public async Task MetersAreThoseOfTheMachines()
    {
        await using var hypervisor = new Hypervisor(new HypervisorOptions { Workers = 1 });
        await using (var unheard = hypervisor.Create(new MachineConfig { Memory = 64 << 20, Append = Short }, "unheard"))
        {
            await unheard.RunAsync();
            Assert.Equal(TimeSpan.Zero, unheard.GetStatistics().Translation!.Time);
        }

        await using var machine = hypervisor.Create(new MachineConfig { Memory = 64 << 20, Append = Short }, "heard");
        using var meters = new Heard(hypervisor);
        meters.Take();
        Assert.Equal(0, meters["arm64vm.translation.units", "heard"]);
        await machine.RunAsync();
        meters.Take();
        var statistics = machine.GetStatistics();
        var translation = statistics.Translation!;
        Assert.Equal(translation.Units, meters["arm64vm.translation.units", "heard"]);
        Assert.True(translation.Units > 0);
        Assert.True(translation.Time > TimeSpan.Zero);
        Assert.Equal(translation.Time.TotalSeconds, meters["arm64vm.translation.time", "heard"]);
        Assert.Equal(translation.Flushes, meters["arm64vm.cache.flushes", "heard"]);
        Assert.Equal(translation.Invalidated, meters["arm64vm.cache.removals", "heard", "written"]);
        Assert.Equal(translation.Evicted, meters["arm64vm.cache.removals", "heard", "evicted"]);
        Assert.InRange(meters["arm64vm.cache.usage", "heard"], 1, translation.CodeBytes);
        Assert.InRange(meters["arm64vm.cache.limit", "heard"], translation.CodeBytes, double.MaxValue);
        Assert.NotEmpty(statistics.Exits);
        Assert.All(statistics.Exits, exit => Assert.Equal(exit.Count, meters["arm64vm.exits", "heard", exit.Reason]));
        Assert.Equal(0, meters["arm64vm.processors.running", "heard"]);
        Assert.Equal(machine.GetUsage().RunTime.TotalSeconds, meters["arm64vm.processors.time", "heard"]);
    }

    [Fact]
    public async Task AProcessorThatRunsIsCounted()
    {
        await using var hypervisor = new Hypervisor(new HypervisorOptions { Workers = 1 });
        await using var machine = hypervisor.Create(new MachineConfig { Memory = 64 << 20, Append = "selftest=0 seconds=1000 kernels=sort" }, "busy");
        var run = machine.RunAsync();
        using var meters = new Heard(hypervisor);
        do
        {
            await Task.Delay(10);
            meters.Take();
            Assert.False(run.IsCompleted);
        }
        while (meters["arm64vm.processors.running", "busy"] == 0);
        await machine.StopAsync();
        await run;
        meters.Take();
        Assert.Equal(0, meters["arm64vm.processors.running", "busy"]);
    }

    /// <summary>The values of one hypervisor's instruments.</summary>
    private sealed class Heard : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly Dictionary<string, double> _values = [];

        public Heard(Hypervisor hypervisor)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "Arm64Vm" && instrument.Meter.Scope == hypervisor)
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
            _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Note(instrument, value, tags));
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
            _listener.Start();
        }

        /// <summary>By instrument, and the values of its tags.</summary>
        public double this[params string[] names] => _values[string.Join('/', names)];

        public void Take() => _listener.RecordObservableInstruments();

        public void Dispose() => _listener.Dispose();

        private void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var name = instrument.Name;
            foreach (var tag in tags)
                name += $"/{tag.Value}";
            _values[name] = value;
        }
    }
}
