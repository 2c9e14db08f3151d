using Arm64Vm.Backend.X64.Profiling;
using Arm64Vm.Machine.Board;
using Arm64Vm.Profiling;
using Arm64Vm.Translation.Jit;
using Arm64Vm.Translation.Profiling;

namespace Arm64Vm.Machine.Profiling;

/// <summary>A profile that is being recorded: from before the machine's first instruction, or from a pause, until <see cref="Finish"/>.</summary>
/// <remarks>
/// The signal handler fills a ring for each thread; one thread of ours empties them, a few dozen times a second. A machine that is reset starts with a
/// board of its own, which is not recorded any more. Disposed after the board.
/// </remarks>
internal sealed class MachineRecording : IDisposable
{
    private static readonly TimeSpan s_period = TimeSpan.FromMilliseconds(25);

    private readonly RecordingOptions _options;
    private readonly VirtMachineBoard _board;
    private readonly TranslationCache _cache;
    private readonly ThreadSamplers _samplers;
    private readonly BlockRegistry _registry;
    private readonly ProcessorProfile[] _processors;
    private readonly HostTime _time;
    private readonly SampleCollector _collector;
    private readonly DateTimeOffset _start = DateTimeOffset.UtcNow;
    private readonly ManualResetEventSlim _ending = new();
    private readonly Thread _thread;
    private readonly string _guest;
    private readonly MachineStatistics _before;
    private Profile? _profile;

    /// <exception cref="MachineConfigurationException">The machine does not run emitted code, or the process records already.</exception>
    public MachineRecording(VirtMachineBoard board, MachineParts parts, RecordingOptions options)
    {
        if (parts.Execution.Features is not { } features || board.ProcessorExecutors[0] is not JitExecutor first)
            throw new MachineConfigurationException("Only the x64 back end can be profiled.");
        _options = options;
        _board = board;
        _cache = first.Cache;
        _guest = Describe(parts.Config);
        _before = MachineStatistics.Collect(board, TimeSpan.Zero, 0);
        try
        {
            _samplers = new ThreadSamplers(options.Interval);
        }
        catch (InvalidOperationException e)
        {
            throw new MachineConfigurationException(e.Message, e);
        }

        _time = new HostTime(features);
        _registry = new BlockRegistry(_cache.View, board.Vcpus.Count, options.IsExact, _time.Counter);
        _processors = new ProcessorProfile[board.Vcpus.Count];
        _collector = new SampleCollector(_registry, _time, new GuestTasks(board, parts.Config.Kernel is null && parts.Config.Firmware is null), _samplers.Interval, options.MaximumSamples);
        _cache.Clear();
        _cache.Registry = _registry;
        for (var cpu = 0; cpu < _processors.Length; cpu++)
        {
            _processors[cpu] = ProfileOf(board, cpu);
            board.Vcpus[cpu].Profile = _processors[cpu];
            ((JitExecutor)board.ProcessorExecutors[cpu]).Profile = _processors[cpu];
        }

        _registry.Prepare();
        _thread = new Thread(Collect) { IsBackground = true, Name = "arm64vm-profile" };
        _thread.Start();
    }

    /// <summary>Ends the recording; the machine stands. The result is that of the first call.</summary>
    public Profile Finish()
    {
        if (_profile is not null)
            return _profile;
        StopCollecting();

        // The machine stands, so no sample comes any more; what the samplers need to end is no time of the recording.
        Take();
        _samplers.Stop();
        for (var cpu = 0; cpu < _processors.Length; cpu++)
        {
            _board.Vcpus[cpu].Profile = null;
            ((JitExecutor)_board.ProcessorExecutors[cpu]).Profile = null;
        }

        _cache.Registry = null;
        _registry.Settle();

        // Code that counts goes: it would be slow for ever, and the counters go as well. No processor is in any, since all stand.
        if (_options.IsExact)
            _cache.Clear();
        var info = new ProfileInfo
        {
            Version = _options.Version,
            Host = HostDescription.Read(),
            Guest = _guest,
            Backend = "x64",
            Start = _start,
            Duration = _collector.End,
            SampleInterval = _samplers.Interval,
            Processors = _processors.Length,
            IsExact = _options.IsExact,
            DroppedSamples = _samplers.Dropped + _collector.Dropped,
            DroppedEvents = _registry.DroppedEvents,
        };
        return _profile = new ProfileBuilder(info, _collector, _registry, _processors, _time, SymbolSources.Find(_board, _options.SymbolFiles, _collector, _registry, info.Guest == EmbeddedGuest))
            .Build(_before, MachineStatistics.Collect(_board, TimeSpan.Zero, 0), _cache.Capacity);
    }

    /// <summary>Host code of the units that were made, with the guest's names; ends the recording.</summary>
    public IReadOnlyList<HostCode> HostCodeOfUnits() => HostCode.Of(Finish(), _registry);

    /// <summary>Ends sampling. From then on the guest's memory is read by <see cref="Finish"/> only.</summary>
    public void Stop()
    {
        StopCollecting();
        _samplers.Stop();
    }

    public void Dispose()
    {
        Stop();
        _samplers.Dispose();
        foreach (var processor in _processors)
            processor.Dispose();
        _registry.Dispose();
        _time.Dispose();
        _ending.Dispose();
    }

    private const string EmbeddedGuest = "embedded firmware";

    // SAFETY: the context lives as long as the vCPU, which its profile is taken away from before it is disposed.
    private unsafe ProcessorProfile ProfileOf(VirtMachineBoard board, int cpu) => new(cpu, board.Vcpus[cpu].Context, _samplers, _registry, _time.Start);

    private void StopCollecting()
    {
        _ending.Set();
        _thread.Join();
    }

    private void Collect()
    {
        while (!_ending.Wait(s_period))
            Take();
    }

    private void Take()
    {
        _registry.Prepare();
        _collector.Take(_samplers, _processors);
    }

    private static string Describe(MachineConfig config) =>
        config.Kernel is null && config.Firmware is null ? EmbeddedGuest
        : string.Join(", ", new[] { config.Firmware?.Path, config.Kernel?.Path, config.Append }.Where(text => !string.IsNullOrEmpty(text)));
}
