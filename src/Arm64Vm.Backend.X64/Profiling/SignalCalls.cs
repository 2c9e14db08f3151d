using System.Runtime.InteropServices;

namespace Arm64Vm.Backend.X64.Profiling;

/// <summary>Signals and timers of Linux.</summary>
// SAFETY: structures are those of the x86-64 ABI, complete and zeroed but for the fields that are set.
internal static unsafe partial class SignalCalls
{
    /// <summary>A real-time signal that neither the C library (32–34) nor the runtime (SIGRTMIN, 34 or 35) uses.</summary>
    public const int SampleSignal = 44;

    private const int ActionBytes = 152;
    private const int MaskOffset = 8;
    private const int MaskBytes = 128;
    private const int FlagsOffset = 136;
    private const int SaSiginfo = 4;
    private const int SaRestart = 0x1000_0000;
    private const nint Ignore = 1;

    private const long TimerCreateCall = 222;
    private const long TimerSettimeCall = 223;
    private const long TimerDeleteCall = 226;
    private const long GettidCall = 186;
    private const int ClockMonotonic = 1;
    private const int SigevThreadId = 4;

    /// <summary>Installs a handler; false where the signal has one already.</summary>
    /// <remarks>
    /// Without SA_ONSTACK: the frame goes onto the stack in use. In emitted code that is the stack of predicted returns, whose lower half is kept free for it.
    /// All signals are blocked meanwhile.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The host refuses.</exception>
    public static bool TryInstall(nint handler)
    {
        byte* action = stackalloc byte[ActionBytes];
        byte* old = stackalloc byte[ActionBytes];
        new Span<byte>(action, ActionBytes).Clear();
        new Span<byte>(old, ActionBytes).Clear();
        Check(Native.sigaction(SampleSignal, null, old), "sigaction");
        if (*(nint*)old is not (0 or Ignore))
            return false;
        *(nint*)action = handler;
        new Span<byte>(action + MaskOffset, MaskBytes).Fill(0xFF);
        *(int*)(action + FlagsOffset) = SaSiginfo | SaRestart;
        Check(Native.sigaction(SampleSignal, action, null), "sigaction");
        return true;
    }

    /// <summary>Takes the handler away. What is pending is thrown away by the host, on all threads.</summary>
    public static void Uninstall()
    {
        byte* action = stackalloc byte[ActionBytes];
        new Span<byte>(action, ActionBytes).Clear();
        *(nint*)action = Ignore;
        Check(Native.sigaction(SampleSignal, action, null), "sigaction");
    }

    /// <summary>A timer that sends the signal to the calling thread, with a value, each interval of the host's monotonic clock.</summary>
    /// <exception cref="InvalidOperationException">The host refuses.</exception>
    public static int StartTimer(nint value, long intervalNanoseconds)
    {
        const int EventBytes = 64;
        byte* target = stackalloc byte[EventBytes];
        new Span<byte>(target, EventBytes).Clear();
        *(nint*)target = value;
        *(int*)(target + 8) = SampleSignal;
        *(int*)(target + 12) = SigevThreadId;
        *(int*)(target + 16) = (int)Native.syscall(GettidCall, 0, 0, 0, 0);
        int timer = 0;
        Check(Native.syscall(TimerCreateCall, ClockMonotonic, (nint)target, (nint)(&timer), 0), "timer_create");
        (long seconds, long nanoseconds) = Math.DivRem(intervalNanoseconds, 1_000_000_000);
        long* times = stackalloc long[] { seconds, nanoseconds, seconds, nanoseconds };
        Check(Native.syscall(TimerSettimeCall, timer, 0, (nint)times, 0), "timer_settime");
        return timer;
    }

    public static void DeleteTimer(int timer) => Native.syscall(TimerDeleteCall, timer, 0, 0, 0);

    private static void Check(long result, string call)
    {
        if (result < 0)
            throw new InvalidOperationException($"{call} failed: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
    }

    private static partial class Native
    {
        [LibraryImport("libc", SetLastError = true)]
        internal static partial int sigaction(int signal, byte* action, byte* old);

        // syscall is variadic; on x86-64 variadic integers travel in the same registers.
        [LibraryImport("libc", SetLastError = true)]
        internal static partial long syscall(long number, nint a, nint b, nint c, nint d);
    }
}
