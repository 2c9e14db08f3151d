using System.Runtime.InteropServices;

namespace Arm64Vm.Cli.Terminal;

/// <summary>A small process that gives the terminal back when this one dies without doing so: SIGKILL, a crash in native code, no memory.</summary>
/// <remarks>
/// It is this program again, with the terminal on descriptor 0 and the read end of a pipe on descriptor 1. A byte in the pipe means an
/// orderly end and its end means death. It runs in a session of its own, so that no signal from the terminal reaches it.
/// </remarks>
internal sealed unsafe partial class TerminalGuard : IDisposable
{
    /// <summary>First argument of the guard's command line; the settings to restore and those to expect follow, in hexadecimal.</summary>
    public const string Directive = "[restore-terminal]";

    private const int PipeDescriptor = 1;
    private const int CloseOnExec = 0x80000;
    private const short SetSession = 0x80;

    /// <summary>More than glibc's and musl's posix_spawn_file_actions_t and posix_spawnattr_t (80 and 336 bytes).</summary>
    private const int SpawnObjectSize = 512;

    private readonly int _process;
    private readonly int _pipe;

    private TerminalGuard(int process, int pipe)
    {
        _process = process;
        _pipe = pipe;
    }

    /// <summary>Starts the guard; null where the host refuses, which leaves the orderly ends to restore the terminal.</summary>
    /// <param name="found">Settings to give back.</param>
    /// <param name="raw">Settings while the guest runs; others mean that somebody else has set the terminal since.</param>
    public static TerminalGuard? Start(byte[] found, byte[] raw)
    {
        if (Environment.ProcessPath is not { } program)
            return null;
        List<string> arguments = [program];

        // The development build is a library that the runtime's host runs.
        if (Environment.GetCommandLineArgs()[0] is var library && library.EndsWith(".dll", StringComparison.Ordinal))
            arguments.Add(library);
        arguments.AddRange([Directive, Convert.ToHexString(found), Convert.ToHexString(raw)]);
        var ends = stackalloc int[2];
        if (pipe2(ends, CloseOnExec) != 0)
            return null;
        var started = Spawn(program, arguments, ends[0], out var process);
        _ = close(ends[0]);
        if (started)
            return new TerminalGuard(process, ends[1]);
        _ = close(ends[1]);
        return null;
    }

    /// <summary>The guard's own program; returns the process's status.</summary>
    public static int Run(IReadOnlyList<string> arguments)
    {
        byte end;
        nint count;
        while ((count = read(PipeDescriptor, &end, 1)) < 0)
        {
            if (Marshal.GetLastPInvokeError() != FileDescriptorStream.Interrupted)
                return ExitStatus.Failure;
        }

        if (count == 0 && arguments.Count == 3)
        {
            var raw = Convert.FromHexString(arguments[2]);
            if (RawTerminal.Get() is { } now && now.AsSpan().SequenceEqual(raw))
                RawTerminal.Set(Convert.FromHexString(arguments[1]));
        }

        return ExitStatus.Success;
    }

    /// <summary>The terminal has been given back.</summary>
    public void Dispose()
    {
        byte end = 0;
        _ = write(_pipe, &end, 1);
        _ = close(_pipe);
        _ = waitpid(_process, null, 0);
    }

    // SAFETY: the objects are larger than what the C library keeps in them, and the strings live until the calls are over.
    private static bool Spawn(string program, List<string> arguments, int pipe, out int process)
    {
        var actions = stackalloc byte[SpawnObjectSize];
        var attributes = stackalloc byte[SpawnObjectSize];
        var vector = stackalloc nint[arguments.Count + 1];
        process = 0;
        if (posix_spawn_file_actions_init(actions) != 0)
            return false;
        if (posix_spawnattr_init(attributes) != 0)
        {
            _ = posix_spawn_file_actions_destroy(actions);
            return false;
        }

        for (var i = 0; i < arguments.Count; i++)
            vector[i] = Marshal.StringToCoTaskMemUTF8(arguments[i]);
        vector[arguments.Count] = 0;
        nint noEnvironment = 0;
        var environment = &noEnvironment;
        int child = 0;
        var done = posix_spawn_file_actions_adddup2(actions, pipe, PipeDescriptor) == 0
            && posix_spawn_file_actions_addopen(actions, 2, "/dev/null", 1, 0) == 0
            && posix_spawnattr_setflags(attributes, SetSession) == 0
            && posix_spawn(&child, program, actions, attributes, vector, environment) == 0;
        process = done ? child : 0;
        for (var i = 0; i < arguments.Count; i++)
            Marshal.FreeCoTaskMem(vector[i]);
        _ = posix_spawnattr_destroy(attributes);
        _ = posix_spawn_file_actions_destroy(actions);
        return done;
    }

    [LibraryImport("libc")]
    private static partial int pipe2(int* ends, int flags);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc")]
    private static partial nint write(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc")]
    private static partial int waitpid(int process, int* status, int options);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_adddup2(byte* actions, int from, int to);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn_file_actions_addopen(byte* actions, int descriptor, string path, int flags, uint mode);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn(int* process, string path, byte* actions, byte* attributes, nint* arguments, nint* environment);
}
