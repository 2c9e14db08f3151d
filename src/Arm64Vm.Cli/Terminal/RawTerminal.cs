using System.Runtime.InteropServices;

namespace Arm64Vm.Cli.Terminal;

/// <summary>The terminal on standard input without line editing, echo and signals, so that every key goes to the guest.</summary>
/// <remarks>
/// Disposing gives back what was found, and so does every other end of the process: an exit or an exception nobody handles through the
/// runtime's events, and what leaves no chance to act (SIGKILL, a crash in native code) through a <see cref="TerminalGuard"/>.
/// </remarks>
internal sealed unsafe partial class RawTerminal : IDisposable
{
    private const int StandardInput = 0;
    private const int StandardError = 2;
    private const int Now = 0;
    private const int StopSignal = 19;

    /// <summary>c_oflag, the second 32-bit word.</summary>
    private const int OutputFlags = 1;
    private const uint PostProcess = 1;

    private readonly byte[] _found;
    private readonly byte[] _raw;
    private readonly PosixSignalRegistration? _continued;
    private readonly TerminalGuard? _guard;
    private readonly Lock _gate = new();
    private bool _isRaw;
    private bool _disposed;

    private RawTerminal(byte[] found)
    {
        _found = found;
        _raw = (byte[])found.Clone();

        // SAFETY: the buffers are larger than struct termios.
        fixed (byte* raw = _raw)
        {
            cfmakeraw(raw);

            // Our own messages end lines with a plain \n.
            ((uint*)raw)[OutputFlags] |= PostProcess;
        }

        _guard = TerminalGuard.Start(_found, _raw);
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
        AppDomain.CurrentDomain.UnhandledException += OnUnhandledException;
        if (!OperatingSystem.IsWindows())
        {
            _continued = PosixSignalRegistration.Create(PosixSignal.SIGCONT, context =>
            {
                // What the runtime would do after this is to set the terminal as it found it.
                context.Cancel = true;
                EnterAgain();
            });
        }

        EnterAgain();
    }

    /// <summary>More than any Linux C library's struct termios (60 bytes in glibc and musl).</summary>
    public const int TermiosSize = 128;

    /// <summary>True where standard input is a terminal.</summary>
    public static bool IsTerminal => isatty(StandardInput) != 0;

    /// <summary>Standard error is a terminal.</summary>
    public static bool IsErrorTerminal => isatty(StandardError) != 0;

    /// <summary>Makes the terminal raw; null where standard input is not one.</summary>
    public static RawTerminal? Enter() => IsTerminal && Get() is { } found ? new RawTerminal(found) : null;

    /// <summary>Gives the terminal back, stops the process as Ctrl-Z does elsewhere, and returns when it has been continued.</summary>
    public void Suspend()
    {
        Leave();
        StopProcess();
        EnterAgain();
    }

    /// <summary>Stops the process by the signal that cannot be caught: the runtime has handlers for the others. Returns when it is continued.</summary>
    /// <remarks>The signal goes to the calling thread: sent to the process, it would stop this thread at some moment after the call.</remarks>
    public static void StopProcess() => _ = raise(StopSignal);

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        AppDomain.CurrentDomain.UnhandledException -= OnUnhandledException;
        _continued?.Dispose();
        lock (_gate)
            _disposed = true;
        Leave();
        _guard?.Dispose();
    }

    /// <summary>The settings of the terminal on standard input; null where they cannot be had.</summary>
    internal static byte[]? Get()
    {
        var settings = new byte[TermiosSize];
        fixed (byte* termios = settings)
            return tcgetattr(StandardInput, termios) == 0 ? settings : null;
    }

    internal static void Set(byte[] settings)
    {
        // SAFETY: as above; the kernel only reads.
        fixed (byte* termios = settings)
            _ = tcsetattr(StandardInput, Now, termios);
    }

    /// <summary>Also after a stop by others: the shell has set the terminal its own way meanwhile.</summary>
    private void EnterAgain()
    {
        lock (_gate)
        {
            // A job in the background would be stopped for touching the terminal (SIGTTOU).
            var owner = tcgetpgrp(StandardInput);
            if (_disposed || (owner > 0 && owner != getpgrp()))
                return;
            _isRaw = true;
            Set(_raw);
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            if (!_isRaw)
                return;
            _isRaw = false;
            Set(_found);
        }
    }

    private void OnProcessExit(object? sender, EventArgs e) => Leave();

    private void OnUnhandledException(object sender, UnhandledExceptionEventArgs e) => Leave();

    [LibraryImport("libc")]
    private static partial int isatty(int descriptor);

    [LibraryImport("libc")]
    private static partial int tcgetattr(int descriptor, byte* termios);

    [LibraryImport("libc")]
    private static partial int tcsetattr(int descriptor, int when, byte* termios);

    [LibraryImport("libc")]
    private static partial void cfmakeraw(byte* termios);

    [LibraryImport("libc")]
    private static partial int tcgetpgrp(int descriptor);

    [LibraryImport("libc")]
    private static partial int getpgrp();

    [LibraryImport("libc")]
    private static partial int raise(int signal);
}
