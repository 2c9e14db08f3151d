using System.Runtime.InteropServices;

namespace Arm64Vm.Scheduling;

/// <summary>Lets a thread sleep while a word has a value. Wakers change the word first, then wake.</summary>
/// <remarks>A sleeper that the word has already called does not sleep; waking without a sleeper does nothing. Early returns are allowed.</remarks>
internal abstract class Sleeper : IDisposable
{
    /// <summary>The host's best.</summary>
    public static Sleeper Create() => FutexSleeper.IsSupported ? new FutexSleeper() : new EventSleeper();

    /// <summary>Called once on the thread that sleeps.</summary>
    public virtual void Attach()
    {
    }

    /// <summary>Sleeps while <paramref name="word"/> is <paramref name="value"/>, for so many nanoseconds at most; <see cref="ulong.MaxValue"/>: without limit.</summary>
    public abstract void Sleep(ref int word, int value, ulong nanoseconds);

    /// <summary>Ends the sleep of the thread that sleeps on <paramref name="word"/>.</summary>
    public abstract void Wake(ref int word);

    public virtual void Dispose()
    {
    }
}

/// <summary>Linux: the kernel compares the word and sleeps in one step, so there is no moment in which a wake is missed.</summary>
/// <remarks>See futex(2), FUTEX_WAIT and FUTEX_WAKE, process-private. Marshalling keeps the word where it is during each call, and the sleeper is inside its call for as long as it sleeps.</remarks>
internal sealed partial class FutexSleeper : Sleeper
{
    private const int Wait = 0 | Private;
    private const int WakeSome = 1 | Private;
    private const int Private = 128;
    private const int SetTimerSlack = 29;
    private const ulong MaximumSleep = 3600ul * 1_000_000_000;

    private readonly long _systemCall = NumberOf(RuntimeInformation.ProcessArchitecture);

    public static bool IsSupported => OperatingSystem.IsLinux() && NumberOf(RuntimeInformation.ProcessArchitecture) >= 0;

    /// <summary>The default slack of 50 µs would be added to every deadline.</summary>
    public override void Attach() => _ = Control(SetTimerSlack, 1, 0, 0, 0);

    public override void Sleep(ref int word, int value, ulong nanoseconds)
    {
        var bounded = Math.Min(nanoseconds, MaximumSleep);
        var timeout = new TimeSpecification((long)(bounded / 1_000_000_000), (long)(bounded % 1_000_000_000));
        _ = SystemCall(_systemCall, ref word, Wait, value, in timeout);
    }

    public override void Wake(ref int word) => _ = SystemCall(_systemCall, ref word, WakeSome, 1, default);

    private static long NumberOf(Architecture architecture) => architecture switch
    {
        Architecture.X64 => 202,
        Architecture.Arm64 => 98,
        _ => -1,
    };

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial long SystemCall(long number, ref int word, long operation, long value, in TimeSpecification timeout);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Control(int option, ulong a, ulong b, ulong c, ulong d);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct TimeSpecification(long seconds, long nanoseconds)
    {
        public readonly long Seconds = seconds;
        public readonly long Nanoseconds = nanoseconds;
    }
}

/// <summary>Any host: an event of the runtime, which keeps a wake that comes before the sleep.</summary>
internal sealed class EventSleeper : Sleeper
{
    private readonly AutoResetEvent _event = new(false);

    public override void Sleep(ref int word, int value, ulong nanoseconds)
    {
        if (Volatile.Read(ref word) != value)
            return;
        var milliseconds = nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 == 0 ? 0ul : 1ul);
        _event.WaitOne(milliseconds >= int.MaxValue ? Timeout.Infinite : (int)milliseconds);
    }

    public override void Wake(ref int word) => _event.Set();

    public override void Dispose() => _event.Dispose();
}
