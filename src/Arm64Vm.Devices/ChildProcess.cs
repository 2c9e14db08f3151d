using System.Runtime.InteropServices;
using System.Text;

namespace Arm64Vm.Devices;

/// <summary>Starts a program with descriptors that it inherits, which the runtime's own way of starting programs does not offer.</summary>
/// <remarks>SAFETY: the runtime pins and frees what it marshals; the two opaque structures are larger than the C library's.</remarks>
internal static partial class ChildProcess
{
    private const int UnixDomain = 1;
    private const int Stream = 1;
    private const int CloseOnExec = 0x80000;
    private const int Interrupted = 4;
    private const int StructureSize = 512;

    /// <summary>Two connected stream sockets, neither of which programs inherit.</summary>
    /// <exception cref="IOException">The host refuses them.</exception>
    public static (int One, int Other) CreateSocketPair()
    {
        var pair = new int[2];
        return socketpair(UnixDomain, Stream | CloseOnExec, 0, pair) == 0
            ? (pair[0], pair[1])
            : throw new IOException($"The host has no sockets: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>Runs a program found in PATH to its end.</summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Without its name.</param>
    /// <param name="inherited">What it has open besides the standard descriptors, under the numbers from 3 on; all of them have higher ones here.</param>
    /// <param name="output">What it said on standard output and error. A child of the program that stays must have closed both.</param>
    /// <returns>Its exit status; null: it could not be started.</returns>
    public static int? Run(string program, IReadOnlyList<string> arguments, ReadOnlySpan<int> inherited, out string output)
    {
        output = "";
        var file = Path.GetTempFileName();
        try
        {
            var actions = new byte[StructureSize];
            _ = posix_spawn_file_actions_init(actions);
            _ = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", 0, 0);
            _ = posix_spawn_file_actions_addopen(actions, 1, file, 1 | 0x400, 0);
            _ = posix_spawn_file_actions_adddup2(actions, 1, 2);
            for (var i = 0; i < inherited.Length; i++)
                _ = posix_spawn_file_actions_adddup2(actions, inherited[i], 3 + i);
            var environment = Environment.GetEnvironmentVariables();
            var variables = new List<string?>();
            foreach (System.Collections.DictionaryEntry variable in environment)
                variables.Add($"{variable.Key}={variable.Value}");
            var error = posix_spawnp(out var id, program, actions, 0, [program, .. arguments, null], [.. variables, null]);
            _ = posix_spawn_file_actions_destroy(actions);
            if (error != 0)
            {
                output = Marshal.GetPInvokeErrorMessage(error);
                return null;
            }

            int status;
            while (waitpid(id, out status, 0) < 0 && Marshal.GetLastPInvokeError() == Interrupted)
            {
            }

            output = File.ReadAllText(file, Encoding.UTF8);
            return (status & 0x7F) == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F);
        }
        finally
        {
            File.Delete(file);
        }
    }

    public static void Close(int descriptor) => _ = close(descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socketpair(int domain, int type, int protocol, [Out] int[] pair);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init([In, Out] byte[] actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_destroy([In, Out] byte[] actions);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn_file_actions_addopen([In, Out] byte[] actions, int descriptor, string path, int flags, uint mode);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_adddup2([In, Out] byte[] actions, int from, int to);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawnp(out int id, string file, [In] byte[] actions, nint attributes, string?[] arguments, string?[] environment);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitpid(int id, out int status, int options);
}
