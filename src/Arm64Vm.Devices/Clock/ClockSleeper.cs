using System.Runtime.InteropServices;

namespace Arm64Vm.Devices.Clock;

/// <summary>Lets one thread sleep for a time in nanoseconds unless another wakes it. A wake before the sleep is not lost.</summary>
internal abstract class ClockSleeper : IDisposable
{
    /// <summary>Sleeps until woken.</summary>
    public const ulong Forever = ulong.MaxValue;

    public static ClockSleeper Create() => OperatingSystem.IsLinux() ? new PollSleeper() : new RuntimeSleeper();

    /// <summary>Called once on the thread that sleeps.</summary>
    public virtual void Attach()
    {
    }

    public abstract void Sleep(ulong nanoseconds);

    public abstract void Wake();

    public abstract void Dispose();
}

/// <summary>Any host: the runtime's own wait, which rounds up to milliseconds.</summary>
internal sealed class RuntimeSleeper : ClockSleeper
{
    private readonly AutoResetEvent _event = new(false);

    public override void Sleep(ulong nanoseconds)
    {
        var milliseconds = nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 == 0 ? 0ul : 1ul);
        _event.WaitOne(milliseconds >= int.MaxValue ? Timeout.Infinite : (int)milliseconds);
    }

    public override void Wake() => _event.Set();

    public override void Dispose() => _event.Dispose();
}

/// <summary>Linux: ppoll on an eventfd, with the thread's timer slack at its minimum, wakes within microseconds of the deadline.</summary>
internal sealed partial class PollSleeper : ClockSleeper
{
    private const int SetTimerSlack = 29;
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private const short PollIn = 1;
    private const ulong MaximumSleep = 3600ul * 1_000_000_000;

    private readonly int _descriptor;

    public PollSleeper()
    {
        _descriptor = CreateEvent(0, CloseOnExec | NonBlocking);
        if (_descriptor < 0)
            throw new InvalidOperationException($"The host gave no eventfd (errno {Marshal.GetLastPInvokeError()}).");
    }

    public override void Attach() => _ = Control(SetTimerSlack, 1, 0, 0, 0);

    public override void Sleep(ulong nanoseconds)
    {
        // An early return is harmless: the clock's thread looks at its deadlines again.
        var bounded = Math.Min(nanoseconds, MaximumSleep);
        var timeout = new TimeSpecification((long)(bounded / 1_000_000_000), (long)(bounded % 1_000_000_000));
        var poll = new PollRequest { Descriptor = _descriptor, Events = PollIn };
        if (Poll(ref poll, 1, in timeout, 0) > 0)
            _ = ReadEvent(_descriptor, out _, 8);
    }

    public override void Wake() => _ = WriteEvent(_descriptor, 1, 8);

    public override void Dispose() => _ = Close(_descriptor);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int CreateEvent(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Control(int option, ulong a, ulong b, ulong c, ulong d);

    [LibraryImport("libc", EntryPoint = "ppoll")]
    private static partial int Poll(ref PollRequest descriptors, ulong count, in TimeSpecification timeout, nint signalMask);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint ReadEvent(int descriptor, out ulong value, nint length);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint WriteEvent(int descriptor, in ulong value, nint length);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct TimeSpecification(long seconds, long nanoseconds)
    {
        public readonly long Seconds = seconds;
        public readonly long Nanoseconds = nanoseconds;
    }
}
