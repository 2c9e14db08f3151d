using System.Diagnostics;
using System.Text;

namespace Arm64Vm.Cli.Tests;

/// <summary>The command line running inside the test's process, while the test looks at what it says.</summary>
internal sealed class LiveCli
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly LiveText _error = new();
    private readonly MemoryStream _output = new();
    private readonly Task<int> _run;

    public LiveCli(params string[] arguments) => _run = Task.Factory.StartNew(
        () =>
        {
            using var streams = new CliStreams { Input = null, Output = _output, Error = _error };
            return Application.Run(arguments, streams);
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);

    public bool HasEnded => _run.IsCompleted;

    public string Messages => _error.Text;

    /// <summary>What stands behind a text in the messages, up to a blank or the line's end.</summary>
    public async Task<string> WordBehind(string text)
    {
        await Wait(() => Messages.Contains(text, StringComparison.Ordinal) && Messages.EndsWith('\n'), () => Messages);
        return Messages[(Messages.IndexOf(text, StringComparison.Ordinal) + text.Length)..].Split(' ', '\n')[0];
    }

    public async Task ExpectStatus(int status)
    {
        await Wait(() => HasEnded, () => "it does not end: " + Messages);
        Assert.True(status == await _run, Messages);
    }

    public static async Task Wait(Func<bool> condition, Func<string> describe)
    {
        var time = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(time.Elapsed < Patience, describe());
            await Task.Delay(10);
        }
    }

    /// <summary>Can be read while it is written.</summary>
    private sealed class LiveText : TextWriter
    {
        private readonly StringBuilder _text = new();

        public override Encoding Encoding => Encoding.UTF8;

        public string Text
        {
            get
            {
                lock (_text)
                    return _text.ToString();
            }
        }

        public override void Write(char value)
        {
            lock (_text)
                _text.Append(value == '\r' ? "" : value);
        }
    }
}
