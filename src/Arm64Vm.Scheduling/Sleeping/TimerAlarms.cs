using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Arm64Vm.Scheduling;

/// <summary>Linux: a timer of the kernel for each worker and one descriptor to wait for all of them.</summary>
/// <remarks>
/// timerfd_create(2), epoll(7). Setting a timer is a system call of less than a microsecond; the waiting thread sleeps on. Edge-triggered: each expiry is one event, so
/// nothing has to be read.
/// </remarks>
internal sealed partial class TimerAlarms : WorkerAlarms
{
    private const int Monotonic = 1;
    private const int TimerFlags = 0x80000 | 0x800; // TFD_CLOEXEC, TFD_NONBLOCK
    private const int EpollCloseOnExec = 0x80000;
    private const int Add = 1;
    private const uint Readable = 1;
    private const uint EdgeTriggered = 1u << 31;
    private const int StopPlace = 64;
    private const int MaximumEvents = 16;

    /// <summary>struct epoll_event: 32 bits of events, 64 of data; without padding on x86-64 only.</summary>
    private static readonly int s_dataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

    private readonly int[] _timers = new int[StopPlace + 1];
    private readonly byte[] _events = new byte[MaximumEvents * 16];
    private readonly int _epoll;

    public TimerAlarms()
    {
        _timers.AsSpan().Fill(-1);
        _epoll = CreateEpoll(EpollCloseOnExec);
        if (_epoll < 0)
            throw Failed("epoll");
        Open(StopPlace);
    }

    public static bool IsSupported => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    public override void Open(int place)
    {
        if (_timers[place] >= 0)
            return;
        var timer = CreateTimer(Monotonic, TimerFlags);
        if (timer < 0)
            throw Failed("timer");
        var wanted = new byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(wanted, Readable | EdgeTriggered);
        BinaryPrimitives.WriteInt32LittleEndian(wanted.AsSpan(s_dataOffset), place);
        if (Control(_epoll, Add, timer, ref wanted[0]) < 0)
        {
            _ = Close(timer);
            throw Failed("timer");
        }

        _timers[place] = timer;
    }

    public override void Set(int place, ulong nanoseconds)
    {
        // All zeros would switch it off.
        var time = nanoseconds == Off ? default : new TimerSpecification((long)(nanoseconds / 1_000_000_000), Math.Max(1, (long)(nanoseconds % 1_000_000_000)));
        _ = SetTimer(_timers[place], 0, in time, 0);
    }

    public override ulong Wait()
    {
        var count = WaitEpoll(_epoll, ref _events[0], MaximumEvents, -1);
        var rung = 0ul;
        for (var i = 0; i < count; i++)
        {
            var place = BinaryPrimitives.ReadInt32LittleEndian(_events.AsSpan((i * (s_dataOffset + 8)) + s_dataOffset));
            rung |= place < StopPlace ? 1ul << place : 0;
        }

        return rung;
    }

    public override void Stop() => Set(StopPlace, 1);

    public override void Dispose()
    {
        _ = Close(_epoll);
        foreach (ref var timer in _timers.AsSpan())
        {
            if (timer >= 0)
                _ = Close(timer);
            timer = -1;
        }
    }

    private static InvalidOperationException Failed(string what) => new($"The host gave no {what} (errno {Marshal.GetLastPInvokeError()}).");

    [LibraryImport("libc", EntryPoint = "timerfd_create", SetLastError = true)]
    private static partial int CreateTimer(int clock, int flags);

    [LibraryImport("libc", EntryPoint = "timerfd_settime")]
    private static partial int SetTimer(int timer, int flags, in TimerSpecification time, nint old);

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int CreateEpoll(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Control(int epoll, int operation, int descriptor, ref byte wanted);

    [LibraryImport("libc", EntryPoint = "epoll_wait")]
    private static partial int WaitEpoll(int epoll, ref byte events, int maximum, int milliseconds);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    /// <summary>struct itimerspec: the interval, here none, then the time until the first expiry.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct TimerSpecification(long seconds, long nanoseconds)
    {
        public readonly long IntervalSeconds = 0;
        public readonly long IntervalNanoseconds = 0;
        public readonly long Seconds = seconds;
        public readonly long Nanoseconds = nanoseconds;
    }
}
