using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Arm64Vm.Devices.Net.Tap;

/// <summary>System calls on a tap interface (Linux, Documentation/networking/tuntap.rst).</summary>
/// <remarks>SAFETY: buffers are pinned for the call, and the kernel writes no more than their length.</remarks>
internal static unsafe partial class TapCalls
{
    public const int Again = 11;
    public const int Interrupted = 4;

    /// <summary>The queue is detached (EBADFD).</summary>
    public const int Detached = 77;

    private const int SetInterface = 0x4004_54CA;
    private const uint SetOffload = 0x4004_54D0;
    private const uint SetHeaderSize = 0x4004_54D8;
    private const uint SetQueue = 0x4004_54D9;
    private const short FlagTap = 2;
    private const short FlagQueues = 0x0100;
    private const short FlagAttach = 0x0200;
    private const short FlagDetach = 0x0400;
    private const short FlagNoInformation = 0x1000;
    private const short FlagHeader = 0x4000;
    private const uint OffloadChecksum = 1;
    private const uint OffloadSegments4 = 2;
    private const uint OffloadSegments6 = 4;
    private const short PollIn = 1;
    private const int ReadWrite = 2;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int InterfaceRequestSize = 40;
    private const int NameSize = 16;

    /// <summary>Opens or creates an interface.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="hasQueues">This is one of its queues.</param>
    /// <returns>Null: the error is <see cref="Marshal.GetLastPInvokeErrorMessage"/>'s.</returns>
    public static SafeFileHandle? Open(string name, bool hasQueues)
    {
        var handle = open("/dev/net/tun", ReadWrite | NonBlocking | CloseOnExec);
        if (handle.IsInvalid)
            return null;
        byte* request = stackalloc byte[InterfaceRequestSize];
        var bytes = new Span<byte>(request, InterfaceRequestSize);
        bytes.Clear();
        System.Text.Encoding.ASCII.GetBytes(name.AsSpan(0, Math.Min(name.Length, NameSize - 1)), bytes);
        BitConverter.TryWriteBytes(bytes[NameSize..], (short)(FlagTap | FlagNoInformation | FlagHeader | (hasQueues ? FlagQueues : 0)));
        var headerSize = FrameHeader.Size;
        if (ioctl(handle, SetInterface, request) == 0 && ioctl(handle, SetHeaderSize, &headerSize) == 0)
            return handle;
        var error = Marshal.GetLastPInvokeError();
        handle.Dispose();
        Marshal.SetLastPInvokeError(error);
        return null;
    }

    /// <summary>What the interface may leave undone in frames for us.</summary>
    public static void SetOffloads(SafeFileHandle handle, bool checksums, bool segments4, bool segments6)
    {
        var flags = checksums ? OffloadChecksum | (segments4 ? OffloadSegments4 : 0) | (segments6 ? OffloadSegments6 : 0) : 0;
        _ = ioctl(handle, SetOffload, (void*)flags);
    }

    /// <summary>Has the interface use a queue, or not.</summary>
    public static void SetAttached(SafeFileHandle handle, bool isAttached)
    {
        byte* request = stackalloc byte[InterfaceRequestSize];
        var bytes = new Span<byte>(request, InterfaceRequestSize);
        bytes.Clear();
        BitConverter.TryWriteBytes(bytes[NameSize..], isAttached ? FlagAttach : FlagDetach);
        _ = ioctl(handle, SetQueue, request);
    }

    public static int Read(SafeFileHandle handle, Span<byte> destination)
    {
        fixed (byte* first = destination)
            return (int)read(handle, first, (nuint)destination.Length);
    }

    public static int Write(SafeFileHandle handle, ReadOnlySpan<byte> source)
    {
        fixed (byte* first = source)
            return (int)write(handle, first, (nuint)source.Length);
    }

    /// <summary>Waits until a descriptor, or another where there is one, can be read.</summary>
    public static void WaitForInput(SafeFileHandle one, SafeFileHandle? other)
    {
        var both = stackalloc PollRequest[2];
        both[0] = new PollRequest { Descriptor = (int)one.DangerousGetHandle(), Events = PollIn };
        both[1] = new PollRequest { Descriptor = (int)(other?.DangerousGetHandle() ?? -1), Events = PollIn };
        _ = PollCall.poll(ref *both, 2, -1);
    }

    /// <summary>A descriptor that can be read once something was written to it (eventfd(2)).</summary>
    public static SafeFileHandle CreateEvent() => eventfd(0, NonBlocking | CloseOnExec);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle handle, nuint request, void* argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(SafeFileHandle handle, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(SafeFileHandle handle, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial SafeFileHandle eventfd(uint value, int flags);
}
