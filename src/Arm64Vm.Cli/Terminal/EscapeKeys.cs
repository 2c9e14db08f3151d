namespace Arm64Vm.Cli.Terminal;

/// <summary>What a key after the escape key means.</summary>
internal enum EscapeCommand
{
    None,
    Quit,
    Help,
}

/// <summary>Takes the escape sequences out of what is typed: Ctrl-A x, Ctrl-A h, and Ctrl-A Ctrl-A for Ctrl-A itself.</summary>
internal sealed class EscapeKeys
{
    private const byte Escape = 0x01;

    public const string Help = "Ctrl-A x  quit    Ctrl-A h  this help    Ctrl-A Ctrl-A  send Ctrl-A";

    private bool _escaped;

    /// <summary>Moves what is for the guest to the front of <paramref name="input"/>; ends at the first command.</summary>
    /// <param name="input">What was typed; changed.</param>
    /// <param name="consumed">Bytes of it that were looked at.</param>
    /// <param name="forGuest">Bytes at its front to be sent to the guest.</param>
    public EscapeCommand Filter(Span<byte> input, out int consumed, out int forGuest)
    {
        forGuest = 0;
        for (consumed = 0; consumed < input.Length;)
        {
            var key = input[consumed++];
            if (!_escaped)
            {
                if (key == Escape)
                    _escaped = true;
                else
                    input[forGuest++] = key;
                continue;
            }

            _escaped = false;
            switch (key)
            {
                case (byte)'x' or (byte)'X':
                    return EscapeCommand.Quit;
                case (byte)'h' or (byte)'H' or (byte)'?':
                    return EscapeCommand.Help;
                case Escape:
                    input[forGuest++] = Escape;
                    break;
            }
        }

        return EscapeCommand.None;
    }
}
