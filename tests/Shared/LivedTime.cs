namespace Arm64Vm.Tests;

/// <summary>Time in which this process could run: a process that was stopped (SIGSTOP), or got no processor, has not hung.</summary>
internal sealed class LivedTime : IDisposable
{
    private const int TickMilliseconds = 100;
    private readonly Timer _timer;
    private int _ticks;

    public LivedTime() => _timer = new Timer(_ => Interlocked.Increment(ref _ticks), null, TickMilliseconds, TickMilliseconds);

    public TimeSpan Elapsed => TimeSpan.FromMilliseconds((double)TickMilliseconds * Volatile.Read(ref _ticks));

    public void Dispose() => _timer.Dispose();
}
