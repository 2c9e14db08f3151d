using System.Runtime.InteropServices;

namespace Arm64Vm.Cli.Terminal;

/// <summary>The terminal on standard input without line editing, echo and signals, so that every key goes to the guest.</summary>
/// <remarks>Disposing gives back what was found; so does the end of the process by other ways than being killed.</remarks>
internal sealed unsafe partial class RawTerminal : IDisposable
{
    private const int StandardInput = 0;
    private const int Now = 0;

    /// <summary>More than any Linux C library's struct termios (60 bytes in glibc and musl).</summary>
    private const int TermiosSize = 128;

    /// <summary>c_oflag, the second 32-bit word.</summary>
    private const int OutputFlags = 1;
    private const uint PostProcess = 1;

    private readonly byte[] _found;
    private readonly byte[] _raw;
    private readonly PosixSignalRegistration? _continued;
    private readonly Lock _gate = new();
    private bool _restored;

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

        Set(_raw);
        if (!OperatingSystem.IsWindows())
            _continued = PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => EnterAgain());
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
    }

    /// <summary>True where standard input is a terminal.</summary>
    public static bool IsTerminal => isatty(StandardInput) != 0;

    /// <summary>Makes the terminal raw; null where standard input is not one.</summary>
    public static RawTerminal? Enter()
    {
        if (!IsTerminal)
            return null;
        var found = new byte[TermiosSize];
        fixed (byte* termios = found)
            return tcgetattr(StandardInput, termios) == 0 ? new RawTerminal(found) : null;
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        _continued?.Dispose();
        Restore();
    }

    /// <summary>After a stop the shell has set the terminal its own way.</summary>
    private void EnterAgain()
    {
        lock (_gate)
        {
            if (!_restored)
                Set(_raw);
        }
    }

    private void OnProcessExit(object? sender, EventArgs e) => Restore();

    private void Restore()
    {
        lock (_gate)
        {
            if (_restored)
                return;
            _restored = true;
            Set(_found);
        }
    }

    private static void Set(byte[] settings)
    {
        // SAFETY: as above; the kernel only reads.
        fixed (byte* termios = settings)
            _ = tcsetattr(StandardInput, Now, termios);
    }

    [LibraryImport("libc")]
    private static partial int isatty(int descriptor);

    [LibraryImport("libc")]
    private static partial int tcgetattr(int descriptor, byte* termios);

    [LibraryImport("libc")]
    private static partial int tcsetattr(int descriptor, int when, byte* termios);

    [LibraryImport("libc")]
    private static partial void cfmakeraw(byte* termios);
}
