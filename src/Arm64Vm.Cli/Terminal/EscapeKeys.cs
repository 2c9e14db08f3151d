namespace Arm64Vm.Cli.Terminal;

/// <summary>What a key after the escape key means.</summary>
internal enum EscapeCommand
{
    None,
    Quit,
    PauseOrContinue,
    Statistics,
    SaveLog,
    PowerButton,
    Reset,
    Suspend,
    Help,

    /// <summary>The key means nothing.</summary>
    Unknown,
}

/// <summary>Takes the escape sequences out of what is typed: the escape key, then a letter.</summary>
/// <param name="escape">The escape key's byte, a control character.</param>
internal sealed class EscapeKeys(byte escape)
{
    private bool _escaped;

    /// <summary>The key of the last command.</summary>
    public byte LastKey { get; private set; }

    /// <summary>The menu's text.</summary>
    public static string Help(byte escape)
    {
        var key = EscapeKey.NameOf(escape);
        return $"""
            {key} x  quit                     {key} p  pause, continue
            {key} s  statistics               {key} l  save the console's log to a file
            {key} b  power button             {key} r  reset
            {key} z  suspend {Application.Name}          {key} h  this help
            {key} a  send {key} to the guest (or {key} twice)
            """.ReplaceLineEndings("\n");
    }

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
                if (key == escape)
                    _escaped = true;
                else
                    input[forGuest++] = key;
                continue;
            }

            _escaped = false;
            if (key == escape || key is (byte)'a' or (byte)'A')
            {
                input[forGuest++] = escape;
                continue;
            }

            LastKey = key;
            return CommandOf(key);
        }

        return EscapeCommand.None;
    }

    private static EscapeCommand CommandOf(byte key) => (char)(key | 0x20) switch
    {
        'x' => EscapeCommand.Quit,
        'p' => EscapeCommand.PauseOrContinue,
        's' => EscapeCommand.Statistics,
        'l' => EscapeCommand.SaveLog,
        'b' => EscapeCommand.PowerButton,
        'r' => EscapeCommand.Reset,
        'z' => EscapeCommand.Suspend,
        'h' or '?' => EscapeCommand.Help,
        _ => EscapeCommand.Unknown,
    };
}
