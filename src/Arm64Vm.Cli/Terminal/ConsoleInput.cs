using Arm64Vm.Machine;

namespace Arm64Vm.Cli.Terminal;

/// <summary>Carries what is typed to the guest's console, on threads of its own.</summary>
/// <remarks>
/// Without an escape key one thread reads and types, so a guest that does not take its input stops the reading of a pipe. With one the
/// keys must be looked at even while the guest takes nothing (paused, hung): a second thread types what has gathered.
/// </remarks>
internal sealed class ConsoleInput
{
    /// <summary>Keys that wait for the guest at most; what is typed beyond is lost, with a bell.</summary>
    private const int MostWaiting = 64 * 1024;

    private readonly Stream _input;
    private readonly SerialConsole _console;
    private readonly EscapeKeys? _escape;
    private readonly Action<EscapeCommand, byte> _execute;
    private readonly TextWriter _messages;
    private readonly Queue<byte> _waiting = new();

    private ConsoleInput(Stream input, SerialConsole console, EscapeKeys? escape, Action<EscapeCommand, byte> execute, TextWriter messages)
    {
        _input = input;
        _console = console;
        _escape = escape;
        _execute = execute;
        _messages = messages;
    }

    /// <summary>Starts the threads; they end with the input, the console or the process.</summary>
    /// <param name="input">What is typed.</param>
    /// <param name="console">Where it goes.</param>
    /// <param name="escape">Null: everything goes to the guest.</param>
    /// <param name="execute">Gets the commands of the menu, on the reading thread.</param>
    /// <param name="messages">Gets the bell.</param>
    public static void Start(Stream input, SerialConsole console, byte? escape, Action<EscapeCommand, byte> execute, TextWriter messages)
    {
        var carrier = new ConsoleInput(input, console, escape is { } key ? new EscapeKeys(key) : null, execute, messages);
        new Thread(carrier.Read) { IsBackground = true, Name = "arm64vm-input" }.Start();
        if (escape is not null)
            new Thread(carrier.TypeWaiting) { IsBackground = true, Name = "arm64vm-typing" }.Start();
    }

    private void Read()
    {
        var buffer = new byte[4096];
        try
        {
            int count;
            while ((count = _input.Read(buffer)) > 0)
            {
                if (_escape is null)
                    _console.Type(buffer.AsSpan(0, count));
                else
                    Filter(_escape, buffer.AsSpan(0, count));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The input or the machine is gone.
        }
    }

    private void Filter(EscapeKeys escape, Span<byte> typed)
    {
        while (!typed.IsEmpty)
        {
            var command = escape.Filter(typed, out var consumed, out var forGuest);
            Wait(typed[..forGuest]);
            typed = typed[consumed..];
            if (command != EscapeCommand.None)
                _execute(command, escape.LastKey);
        }
    }

    private void Wait(ReadOnlySpan<byte> keys)
    {
        var lost = false;
        lock (_waiting)
        {
            foreach (var key in keys)
            {
                if (_waiting.Count < MostWaiting)
                    _waiting.Enqueue(key);
                else
                    lost = true;
            }

            Monitor.Pulse(_waiting);
        }

        if (lost)
            _messages.Write('\a');
    }

    private void TypeWaiting()
    {
        var buffer = new byte[256];
        try
        {
            while (true)
            {
                var count = 0;
                lock (_waiting)
                {
                    while (_waiting.Count == 0)
                        Monitor.Wait(_waiting);
                    while (count < buffer.Length && _waiting.TryDequeue(out var key))
                        buffer[count++] = key;
                }

                _console.Type(buffer.AsSpan(0, count));
            }
        }
        catch (ObjectDisposedException)
        {
            // The machine is gone.
        }
    }
}
