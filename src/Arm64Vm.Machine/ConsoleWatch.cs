namespace Arm64Vm.Machine;

/// <summary>Looks out for a text on a console.</summary>
public sealed class ConsoleWatch : IDisposable
{
    private readonly SerialConsole _console;
    private readonly TaskCompletionSource _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal ConsoleWatch(SerialConsole console, byte[] text)
    {
        _console = console;
        Text = text;
        LastByte = text[^1];
    }

    /// <summary>Completes when the text has been printed.</summary>
    public Task Seen => _seen.Task;

    /// <summary>True when the text has been printed.</summary>
    public bool IsSeen => _seen.Task.IsCompleted;

    internal byte[] Text { get; }

    internal byte LastByte { get; }

    /// <summary>Position in the console's output before which nothing counts.</summary>
    internal long From { get; set; }

    /// <summary>Position after the text when it was first seen.</summary>
    internal long End { get; private set; }

    public void Dispose() => _console.Remove(this);

    internal void SetSeen(long end)
    {
        if (end - Text.Length < From || IsSeen)
            return;
        End = end;
        _seen.TrySetResult();
    }
}
