using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Arm64Vm.Machine.Tests.Machines;

namespace Arm64Vm.Cli.Tests;

/// <summary>The built program on a terminal of its own: raw while the guest runs, and as before afterwards.</summary>
public partial class TerminalTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    [Fact]
    public Task ThePowerOffGivesTheTerminalBack() => Check((terminal, _) => terminal.Type("\u0003ab."), 0);

    [Fact]
    public Task QuittingGivesTheTerminalBack() => Check((terminal, _) => terminal.Type("ab\u0001x"), 0);

    [Theory]
    [InlineData(15, 143)]
    [InlineData(1, 129)]
    public Task SignalsGiveTheTerminalBack(int signal, int status) => Check((_, process) => Assert.Equal(0, kill(process.Id, signal)), status);

    private static async Task Check(Action<PseudoTerminal, Process> end, int status)
    {
        using var kernel = new TemporaryFile(new TestProgram().Print("up").EchoUntil('.').PowerOff().ToElf());
        using var terminal = new PseudoTerminal();
        var before = terminal.Settings();
        using var process = Start(terminal.Name, kernel.Path);
        await Wait(() => terminal.Output().Contains("up", StringComparison.Ordinal));
        Assert.NotEqual(before, terminal.Settings());
        end(terminal, process);
        await process.WaitForExitAsync().WaitAsync(s_patience);
        Assert.Equal(status, process.ExitCode);
        Assert.Equal(before, terminal.Settings());
    }

    private static async Task Wait(Func<bool> condition)
    {
        var end = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(end.Elapsed < s_patience, "nothing happened");
            await Task.Delay(20);
        }
    }

    private static Process Start(string terminal, string kernel)
    {
        var info = new ProcessStartInfo("/bin/sh");
        info.ArgumentList.Add("-c");
        info.ArgumentList.Add($"exec dotnet '{typeof(Application).Assembly.Location}' boot --kernel '{kernel}' --memory 64M <'{terminal}' >'{terminal}'");
        return Process.Start(info)!;
    }

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);

    /// <summary>SAFETY: the descriptors are open while it exists; buffers are larger than what the calls write.</summary>
    private sealed unsafe partial class PseudoTerminal : IDisposable
    {
        private const int ReadWriteNoControl = 0x102;
        private const int NonBlocking = 0x800;
        private readonly int _master = posix_openpt(ReadWriteNoControl | NonBlocking);
        private readonly int _slave;
        private readonly StringBuilder _output = new();

        public PseudoTerminal()
        {
            var name = stackalloc byte[64];
            Assert.True(_master >= 0);
            Assert.Equal(0, grantpt(_master));
            Assert.Equal(0, unlockpt(_master));
            Assert.Equal(0, ptsname_r(_master, name, 64));
            Name = Marshal.PtrToStringUTF8((nint)name)!;

            // Keeps the terminal, and its settings, while no process has it open.
            _slave = open(Name, ReadWriteNoControl);
            Assert.True(_slave >= 0);
        }

        public string Name { get; }

        public byte[] Settings()
        {
            var settings = new byte[128];
            fixed (byte* first = settings)
                Assert.Equal(0, tcgetattr(_slave, first));
            return settings;
        }

        public void Type(string text)
        {
            var bytes = Encoding.Latin1.GetBytes(text);
            fixed (byte* first = bytes)
                Assert.Equal(bytes.Length, write(_master, first, (nuint)bytes.Length));
        }

        public string Output()
        {
            var buffer = stackalloc byte[256];
            nint count;
            while ((count = read(_master, buffer, 256)) > 0)
                _output.Append(Encoding.Latin1.GetString(buffer, (int)count));
            return _output.ToString();
        }

        public void Dispose()
        {
            _ = close(_slave);
            _ = close(_master);
        }

        [LibraryImport("libc")]
        private static partial int posix_openpt(int flags);

        [LibraryImport("libc")]
        private static partial int grantpt(int descriptor);

        [LibraryImport("libc")]
        private static partial int unlockpt(int descriptor);

        [LibraryImport("libc")]
        private static partial int ptsname_r(int descriptor, byte* name, nuint size);

        [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
        private static partial int open(string path, int flags);

        [LibraryImport("libc")]
        private static partial int close(int descriptor);

        [LibraryImport("libc")]
        private static partial int tcgetattr(int descriptor, byte* termios);

        [LibraryImport("libc")]
        private static partial nint read(int descriptor, byte* buffer, nuint count);

        [LibraryImport("libc")]
        private static partial nint write(int descriptor, byte* buffer, nuint count);
    }
}
