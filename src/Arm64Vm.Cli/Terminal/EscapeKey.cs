namespace Arm64Vm.Cli.Terminal;

/// <summary>The key that opens the menu, as <c>--escape</c> names it.</summary>
internal static class EscapeKey
{
    /// <summary>Ctrl-A, as QEMU has it.</summary>
    public const byte Default = 1;

    /// <summary>Parses <c>ctrl-x</c>, <c>^x</c> or <c>none</c>; null: no key opens the menu.</summary>
    /// <exception cref="CliException">It is none of these.</exception>
    public static byte? Parse(string text)
    {
        if (text == "none")
            return null;
        var lower = text.ToLowerInvariant();
        var letter = lower.StartsWith("ctrl-", StringComparison.Ordinal) ? lower[5..]
            : lower.StartsWith("c-", StringComparison.Ordinal) ? lower[2..]
            : lower.StartsWith('^') ? lower[1..]
            : "";

        // Enter, line feed and NUL would take an ordinary key away.
        return letter is [(>= 'a' and <= 'z' and not 'j' and not 'm') or (>= '\\' and <= '_')]
            ? (byte)(letter[0] & 0x1F)
            : throw CliException.Usage($"--escape: '{text}' is none of ctrl-a, ^a (with another letter), none");
    }

    /// <summary>Such as <c>Ctrl-A</c>.</summary>
    public static string NameOf(byte key) => $"Ctrl-{(char)(key | 0x40)}";
}
