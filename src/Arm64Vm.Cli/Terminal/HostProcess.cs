using System.Runtime.InteropServices;

namespace Arm64Vm.Cli.Terminal;

/// <summary>What must be right about the process before anything else happens in it.</summary>
// SAFETY: the copy of the command line lives until exec replaces the process, or it ends; each argument ends with a NUL.
internal static unsafe partial class HostProcess
{
    private const int StandardDescriptors = 3;
    private const int GetDescriptorFlags = 1;
    private const int ClosedByExec = 1;
    private const int GetStatusFlags = 3;
    private const int AccessMode = 3;
    private const int ReadOnly = 0;
    private const int ReadWrite = 2;

    /// <summary>SIGXFSZ: a file reached RLIMIT_FSIZE. Without the signal the call fails with EFBIG, which a guest or a user can be told.</summary>
    private const int FileSizeLimit = 25;
    private const nint Ignore = 1;

    /// <summary>Opens /dev/null on those of descriptors 0 to 2 that the process was started without, and takes signals out of the way that would kill it.</summary>
    /// <returns>False where the descriptors cannot be opened; then nothing may be read, written or opened.</returns>
    /// <remarks>
    /// A closed descriptor's number goes to the next file that anyone opens: the runtime's random source, the guest's memory. The runtime
    /// has opened files by now, so a descriptor that would not have survived an exec is one of those: the program then starts itself again.
    /// </remarks>
    public static bool Prepare()
    {
        _ = signal(FileSizeLimit, Ignore);
        var missing = false;
        var taken = false;
        for (var descriptor = 0; descriptor < StandardDescriptors; descriptor++)
        {
            missing |= !IsOpen(descriptor);
            taken |= IsOpen(descriptor) && !IsInherited(descriptor);
        }

        if (!missing && !taken)
            return true;
        var (program, arguments) = taken ? CommandLine() : default;
        for (var descriptor = 0; descriptor < StandardDescriptors; descriptor++)
        {
            if (IsOpen(descriptor) && IsInherited(descriptor))
                continue;
            var opened = open("/dev/null", ReadWrite);
            if (opened < 0)
                return false;
            if (opened == descriptor)
                continue;
            if (dup2(opened, descriptor) < 0)
                return false;
            _ = close(opened);
        }

        if (taken)
            _ = execv(program!, arguments);
        return !taken;
    }

    private static bool IsOpen(int descriptor) => fcntl(descriptor, GetDescriptorFlags, 0) >= 0;

    /// <summary>False for what was opened since the start: it would not survive an exec, or, where the host of the development build forgot that, it is no output that can be written.</summary>
    private static bool IsInherited(int descriptor) =>
        (fcntl(descriptor, GetDescriptorFlags, 0) & ClosedByExec) == 0 && (descriptor == 0 || (fcntl(descriptor, GetStatusFlags, 0) & AccessMode) != ReadOnly);

    /// <summary>The program and its arguments, each as bytes with a NUL behind them.</summary>
    private static (string Program, nint Arguments) CommandLine()
    {
        var bytes = File.ReadAllBytes("/proc/self/cmdline");
        var text = (byte*)NativeMemory.Alloc((nuint)bytes.Length + 1);
        bytes.CopyTo(new Span<byte>(text, bytes.Length));
        var vector = (nint*)NativeMemory.AllocZeroed((nuint)bytes.AsSpan().Count((byte)0) + 1, (nuint)sizeof(nint));
        for (int at = 0, count = 0; at < bytes.Length; at += bytes.AsSpan(at).IndexOf((byte)0) + 1)
            vector[count++] = (nint)(text + at);
        return (Environment.ProcessPath ?? "/proc/self/exe", (nint)vector);
    }

    [LibraryImport("libc")]
    private static partial nint signal(int number, nint handler);

    [LibraryImport("libc")]
    private static partial int fcntl(int descriptor, int command, int argument);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc")]
    private static partial int dup2(int from, int to);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int execv(string path, nint arguments);
}
