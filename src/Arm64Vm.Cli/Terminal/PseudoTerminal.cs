using System.Runtime.InteropServices;
using System.Text;
using Arm64Vm.Devices;
using Microsoft.Win32.SafeHandles;

namespace Arm64Vm.Cli.Terminal;

/// <summary>A pseudo-terminal: the end that this process holds, and the name of the other (pty(7)).</summary>
internal sealed unsafe partial class PseudoTerminal : IDisposable
{
    private const int ReadWrite = 2;
    private const int NoControllingTerminal = 0x100;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x8_0000;
    private const int LongestName = 128;
    private const int FlushOutput = 1;
    private const short PollIn = 1;
    private const short PollOut = 4;
    private const short PollError = 8;
    private const short PollHangUp = 16;

    /// <summary>Bounds how long a stop is not noticed.</summary>
    private const int MillisecondsOfWait = 100;

    /// <summary>More than a struct termios.</summary>
    private const int TermiosSize = 256;

    private readonly SafeFileHandle _handle;

    private PseudoTerminal(SafeFileHandle handle, string name) => (_handle, Name) = (handle, name);

    /// <summary>Such as /dev/pts/3.</summary>
    public string Name { get; }

    /// <summary>Somebody has the other end open.</summary>
    public bool IsInUse => (Poll(0, 0) & (PollHangUp | PollError)) == 0;

    /// <summary>Makes one, in raw mode.</summary>
    /// <exception cref="IOException">The host has none, or this is no Linux.</exception>
    public static PseudoTerminal Open()
    {
        if (!OperatingSystem.IsLinux())
            throw new IOException("there are no pseudo-terminals on this host");
        var handle = new SafeFileHandle(posix_openpt(ReadWrite | NoControllingTerminal | NonBlocking | CloseOnExec), ownsHandle: true);

        // SAFETY: the buffers have the sizes that the calls are told, or more than what they write.
        var name = stackalloc byte[LongestName];
        var termios = stackalloc byte[TermiosSize];
        if (handle.IsInvalid || grantpt(handle) != 0 || unlockpt(handle) != 0 || ptsname_r(handle, name, LongestName) != 0)
        {
            handle.Dispose();
            throw new IOException("the host gives no pseudo-terminal");
        }

        // The kernel says whether the other end is closed only once it has been open.
        using var other = new SafeFileHandle(open(name, ReadWrite | NoControllingTerminal | CloseOnExec), ownsHandle: true);
        if (other.IsInvalid || tcgetattr(other, termios) != 0)
        {
            handle.Dispose();
            throw new IOException("the pseudo-terminal cannot be opened");
        }

        cfmakeraw(termios);
        _ = tcsetattr(other, 0, termios);
        return new PseudoTerminal(handle, Encoding.ASCII.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name)));
    }

    /// <summary>Reads what was typed there; 0: the other end is closed; null: nothing was typed in a tenth of a second.</summary>
    public int? TryRead(Span<byte> buffer)
    {
        if (Poll(PollIn, MillisecondsOfWait) == 0)
            return null;

        // SAFETY: the kernel writes at most buffer.Length bytes into the pinned buffer.
        fixed (byte* first = buffer)
        {
            var count = read(_handle, first, (nuint)buffer.Length);
            return count >= 0 ? (int)count : Marshal.GetLastPInvokeError() == FileDescriptorStream.TryAgain ? null : 0;
        }
    }

    /// <summary>Writes what there is room for, waiting a tenth of a second for some; returns how many bytes.</summary>
    /// <exception cref="IOException">The other end is closed.</exception>
    public int Write(ReadOnlySpan<byte> buffer)
    {
        var events = Poll(PollOut, MillisecondsOfWait);
        if ((events & (PollHangUp | PollError)) != 0)
            throw new IOException("The terminal is not in use.");
        if (events == 0)
            return 0;

        // SAFETY: the kernel reads at most buffer.Length bytes from the pinned buffer.
        fixed (byte* first = buffer)
        {
            var count = write(_handle, first, (nuint)buffer.Length);
            return count >= 0 ? (int)count
                : Marshal.GetLastPInvokeError() is FileDescriptorStream.TryAgain or FileDescriptorStream.Interrupted ? 0
                : throw new IOException("The terminal cannot be written.");
        }
    }

    /// <summary>Forgets what was written and not read.</summary>
    public void DiscardOutput()
    {
        try
        {
            _ = tcflush(_handle, FlushOutput);
        }
        catch (ObjectDisposedException)
        {
            // It went with the terminal.
        }
    }

    public void Dispose() => _handle.Dispose();

    /// <summary>Also where the terminal is gone: hung up.</summary>
    private int Poll(short events, int milliseconds)
    {
        var isHeld = false;
        try
        {
            _handle.DangerousAddRef(ref isHeld);
            var request = new PollRequest { Descriptor = (int)_handle.DangerousGetHandle(), Events = events };
            return PollCall.poll(ref request, 1, milliseconds) < 0 ? 0 : request.Returned;
        }
        catch (ObjectDisposedException)
        {
            return PollHangUp;
        }
        finally
        {
            if (isHeld)
                _handle.DangerousRelease();
        }
    }

    [LibraryImport("libc")]
    private static partial int posix_openpt(int flags);

    [LibraryImport("libc")]
    private static partial int grantpt(SafeFileHandle descriptor);

    [LibraryImport("libc")]
    private static partial int unlockpt(SafeFileHandle descriptor);

    [LibraryImport("libc")]
    private static partial int ptsname_r(SafeFileHandle descriptor, byte* name, nuint length);

    [LibraryImport("libc")]
    private static partial int open(byte* path, int flags);

    [LibraryImport("libc")]
    private static partial int tcgetattr(SafeFileHandle descriptor, byte* termios);

    [LibraryImport("libc")]
    private static partial int tcsetattr(SafeFileHandle descriptor, int when, byte* termios);

    [LibraryImport("libc")]
    private static partial int tcflush(SafeFileHandle descriptor, int queue);

    [LibraryImport("libc")]
    private static partial void cfmakeraw(byte* termios);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(SafeFileHandle descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(SafeFileHandle descriptor, byte* buffer, nuint count);
}
