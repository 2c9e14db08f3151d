using Arm64Vm.Machine;

namespace Arm64Vm.Cli.Terminal;

/// <summary>Carries what is typed to the guest's console, on a thread of its own.</summary>
internal sealed class ConsoleInput
{
    private readonly Stream _input;
    private readonly SerialConsole _console;
    private readonly EscapeKeys? _escape;
    private readonly Action _quit;
    private readonly TextWriter _messages;

    private ConsoleInput(Stream input, SerialConsole console, bool hasEscapeKey, Action quit, TextWriter messages)
    {
        _input = input;
        _console = console;
        _escape = hasEscapeKey ? new EscapeKeys() : null;
        _quit = quit;
        _messages = messages;
    }

    /// <summary>Starts the thread; it ends with the input, the console or the process.</summary>
    public static void Start(Stream input, SerialConsole console, bool hasEscapeKey, Action quit, TextWriter messages)
    {
        var carrier = new ConsoleInput(input, console, hasEscapeKey, quit, messages);
        new Thread(carrier.Run) { IsBackground = true, Name = "arm64vm-input" }.Start();
    }

    private void Run()
    {
        var buffer = new byte[4096];
        try
        {
            int count;
            while ((count = _input.Read(buffer)) > 0)
                Send(buffer.AsSpan(0, count));
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The input or the machine is gone.
        }
    }

    private void Send(Span<byte> typed)
    {
        if (_escape is null)
        {
            _console.Type(typed);
            return;
        }

        while (!typed.IsEmpty)
        {
            var command = _escape.Filter(typed, out var consumed, out var forGuest);
            _console.Type(typed[..forGuest]);
            typed = typed[consumed..];
            if (command == EscapeCommand.Quit)
                _quit();
            else if (command == EscapeCommand.Help)
                _messages.WriteLine("\n" + EscapeKeys.Help);
        }
    }
}
