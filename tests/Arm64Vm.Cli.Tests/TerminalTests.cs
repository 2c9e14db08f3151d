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
    public Task QuittingGivesTheTerminalBack() => Check((terminal, _) => terminal.Type("ab\u0001x"), ExitStatus.Quit);

    [Theory]
    [InlineData(15, 143)]
    [InlineData(1, 129)]
    [InlineData(3, 131)]
    public Task SignalsGiveTheTerminalBack(int signal, int status) => Check((_, process) => Assert.Equal(0, kill(process.Id, signal)), status);

    /// <summary>SIGABRT and SIGSEGV are what a crash ends in, SIGKILL leaves no chance to act.</summary>
    [Theory]
    [InlineData(6)]
    [InlineData(9)]
    [InlineData(11)]
    public Task ACrashGivesTheTerminalBack(int signal) => Check((_, process) => Crash(process, signal), 128 + signal);

    [Fact]
    public async Task AStopGivesTheTerminalBackUntilItIsContinued()
    {
        using var kernel = Echo();
        using var terminal = new PseudoTerminal();
        var before = terminal.Settings();
        using var process = Start(terminal.Name, kernel.Path);
        await Wait(() => terminal.Output().Contains("up", StringComparison.Ordinal));
        var raw = terminal.Settings();
        Assert.Equal(0, kill(process.Id, 20));
        await Wait(() => StateOf(process) == 'T');
        Assert.Equal(before, terminal.Settings());
        Assert.Equal(0, kill(process.Id, 18));
        await Wait(() => terminal.Settings().AsSpan().SequenceEqual(raw));
        terminal.Type("yes");
        await Wait(() => terminal.Output().Contains("yes", StringComparison.Ordinal));
        await End(terminal, process, before, () => terminal.Type("."), 0);
    }

    [Fact]
    public async Task TheMenuDoesWhatItSays()
    {
        using var kernel = Echo();
        using var terminal = new PseudoTerminal();
        using var folder = new TemporaryFolder();
        var before = terminal.Settings();
        using var process = Start(terminal.Name, kernel.Path, folder.Path);
        await Wait(() => terminal.Output().Contains("up", StringComparison.Ordinal));
        terminal.Type("\u0001h");
        await Wait(() => terminal.Output().Contains("Ctrl-A p  pause", StringComparison.Ordinal));
        terminal.Type("\u0001q");
        await Wait(() => terminal.Output().Contains("Ctrl-A q is no command; Ctrl-A h lists them", StringComparison.Ordinal));
        terminal.Type("\u0001s");
        await Wait(() => terminal.Output().Contains("units translated", StringComparison.Ordinal));
        terminal.Type("\u0001p");
        await Wait(() => terminal.Output().Contains("paused", StringComparison.Ordinal));
        terminal.Type(new string('w', 3000));
        terminal.Type("\u0001p");
        await Wait(() => terminal.Output().Contains("continued", StringComparison.Ordinal));
        await Wait(() => terminal.Output().Count(c => c == 'w') >= 3000);
        terminal.Type("[\u0001a\u0001\u0001]");
        await Wait(() => terminal.Output().Contains("[\u0001\u0001]", StringComparison.Ordinal));
        terminal.Type("\u0001l");
        await Wait(() => terminal.Output().Contains("bytes of the console are in", StringComparison.Ordinal));
        Assert.Contains("[\u0001\u0001]", File.ReadAllText(Assert.Single(Directory.GetFiles(folder.Path))), StringComparison.Ordinal);
        terminal.Type("\u0001r");
        await Wait(() => terminal.Output().Split("up").Length > 2);
        terminal.Type("\u0001b");
        await Wait(() => terminal.Output().Contains("power button", StringComparison.Ordinal));
        await End(terminal, process, before, () => terminal.Type("\u0001x"), ExitStatus.Quit);
    }

    /// <summary>A pause that waited for a guest in SYS_READC stopped the only thread that reads keys.</summary>
    [Fact]
    public async Task TheMenuIsAliveWhileTheGuestWaitsForInput()
    {
        using var kernel = new TemporaryFile(new TestProgram().Print("up").Set(0, 7).Set(1, 0).Add(0xD45E_0000).Hang().ToElf());
        using var terminal = new PseudoTerminal();
        var before = terminal.Settings();
        using var process = Start(terminal.Name, kernel.Path);
        await Wait(() => terminal.Output().Contains("up", StringComparison.Ordinal));
        terminal.Type("\u0001p");
        await Wait(() => terminal.Output().Contains("it pauses when that is over", StringComparison.Ordinal));
        terminal.Type("\u0001q");
        await Wait(() => terminal.Output().Contains("Ctrl-A q is no command", StringComparison.Ordinal));
        terminal.Type("k");
        await Wait(() => terminal.Output().Contains("arm64vm: paused", StringComparison.Ordinal));
        terminal.Type("\u0001p");
        await Wait(() => terminal.Output().Contains("continued", StringComparison.Ordinal));
        await End(terminal, process, before, () => terminal.Type("\u0001x"), ExitStatus.Quit);
    }

    [Fact]
    public async Task AnotherKeyCanOpenTheMenu()
    {
        using var kernel = Echo();
        using var terminal = new PseudoTerminal();
        var before = terminal.Settings();
        using var process = Start(terminal.Name, kernel.Path, options: "--escape ^]");
        await Wait(() => terminal.Output().Contains("up", StringComparison.Ordinal));
        terminal.Type("<\u0001x>");
        await Wait(() => terminal.Output().Contains("<\u0001x>", StringComparison.Ordinal));
        await End(terminal, process, before, () => terminal.Type("\u001dx"), ExitStatus.Quit);
    }

    private static TemporaryFile Echo() => new(new TestProgram().Print("up").EchoUntil('.').PowerOff().ToElf());

    private static async Task Check(Action<PseudoTerminal, Process> end, int status)
    {
        using var kernel = Echo();
        using var terminal = new PseudoTerminal();
        var before = terminal.Settings();
        using var process = Start(terminal.Name, kernel.Path);
        await Wait(() => terminal.Output().Contains("up", StringComparison.Ordinal));
        Assert.NotEqual(before, terminal.Settings());
        await End(terminal, process, before, () => end(terminal, process), status);
    }

    private static async Task End(PseudoTerminal terminal, Process process, byte[] before, Action end, int status)
    {
        end();
        await process.WaitForExitAsync().WaitAsync(s_patience);
        Assert.Equal(status, process.ExitCode);
        if (status is > 128 and not (143 or 129 or 131))
            await Wait(() => terminal.Settings().AsSpan().SequenceEqual(before));
        Assert.Equal(before, terminal.Settings());
    }

    /// <summary>The letter of proc(5).</summary>
    private static char StateOf(Process process)
    {
        var line = File.ReadAllText($"/proc/{process.Id}/stat");
        return line[line.LastIndexOf(')') + 2];
    }

    /// <summary>The runtime's handler takes the first signal and returns to where a real fault would come again.</summary>
    private static void Crash(Process process, int signal)
    {
        for (var i = 0; i < 100 && !process.HasExited; i++)
        {
            _ = kill(process.Id, signal);
            Thread.Sleep(100);
        }
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

    private static Process Start(string terminal, string kernel, string? folder = null, string options = "")
    {
        var info = new ProcessStartInfo("/bin/sh") { WorkingDirectory = folder ?? "" };
        info.ArgumentList.Add("-c");
        info.ArgumentList.Add($"ulimit -c 0; exec dotnet '{typeof(Application).Assembly.Location}' boot --kernel '{kernel}' --memory 64M {options} <'{terminal}' >'{terminal}' 2>'{terminal}'");
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
