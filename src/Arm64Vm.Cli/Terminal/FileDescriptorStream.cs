using System.Runtime.InteropServices;
using Arm64Vm.Devices;

namespace Arm64Vm.Cli.Terminal;

/// <summary>A descriptor of the process as a stream, without the runtime's console layer, which would take the terminal over.</summary>
internal sealed unsafe partial class FileDescriptorStream(int descriptor) : Stream
{
    /// <summary>EINTR.</summary>
    internal const int Interrupted = 4;

    /// <summary>EAGAIN.</summary>
    internal const int TryAgain = 11;

    private const int BrokenPipe = 32;
    private const short PollIn = 1;
    private const short PollOut = 4;

    public override bool CanRead => descriptor == 0;

    public override bool CanWrite => descriptor != 0;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        while (true)
        {
            // SAFETY: the kernel writes at most buffer.Length bytes into the pinned buffer.
            nint count;
            fixed (byte* first = buffer)
                count = read(descriptor, first, (nuint)buffer.Length);
            if (count >= 0)
                return (int)count;
            Retry("standard input cannot be read", PollIn);
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            // SAFETY: the kernel reads at most buffer.Length bytes from the pinned buffer.
            nint count;
            fixed (byte* first = buffer)
                count = write(descriptor, first, (nuint)buffer.Length);
            if (count >= 0)
                buffer = buffer[(int)count..];
            else
                Retry(descriptor == 1 ? "standard output cannot be written" : "standard error cannot be written", PollOut);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>True where a write failed because the reader of the pipe has gone, as at <c>| head -1</c>: nobody is left to be told.</summary>
    internal static bool IsReaderGone(Exception e) => e is IOException { HResult: BrokenPipe };

    /// <summary>Throws unless the call may be made again; a non-blocking descriptor, inherited from elsewhere, is waited for.</summary>
    private void Retry(string what, short events)
    {
        var error = Marshal.GetLastPInvokeError();
        if (error == Interrupted)
            return;
        if (error != TryAgain)
            throw new IOException($"{what}: {Marshal.GetPInvokeErrorMessage(error)}", error);
        var request = new PollRequest { Descriptor = descriptor, Events = events };
        _ = PollCall.poll(ref request, 1, -1);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int descriptor, byte* buffer, nuint count);
}
