namespace Arm64Vm.Machine.Vnc;

/// <summary>Keys of a PC's keyboard by the symbols that clients send (X11's keysyms).</summary>
/// <remarks>
/// The guest is told which key was pressed, and makes a character of it by its own layout. So a symbol stands for the key that has it on a
/// keyboard of the United States, and a client sends the shift key itself.
/// </remarks>
internal static class KeySymbols
{
    // Linux's numbers of the first keys of rows, which are in the order of the keyboard.
    private const int Digits = 2;
    private const int UpperRow = 16;
    private const int MiddleRow = 30;
    private const int LowerRow = 44;
    private const int Grave = 41;
    private const int Backslash = 43;
    private const int Space = 57;

    private const uint FirstFunctionKey = 0xFFBE;

    /// <summary>The key's number in Linux's evdev; null: no key has it.</summary>
    public static ushort? Find(uint symbol)
    {
        var code = symbol switch
        {
            ' ' => Space,
            > ' ' and < 0x7F => FindCharacter((char)symbol),
            >= FirstFunctionKey and < FirstFunctionKey + 10 => (int)(59 + symbol - FirstFunctionKey),
            FirstFunctionKey + 10 => 87,
            FirstFunctionKey + 11 => 88,
            _ => FindNamed(symbol),
        };
        return code > 0 ? (ushort)code : null;
    }

    private static int FindCharacter(char character)
    {
        foreach (var (first, row) in (ReadOnlySpan<(int, string)>)
        [
            (Digits, "1234567890-="), (Digits, "!@#$%^&*()_+"), (UpperRow, "qwertyuiop[]"), (UpperRow, "QWERTYUIOP{}"),
            (MiddleRow, "asdfghjkl;'"), (MiddleRow, "ASDFGHJKL:\""), (LowerRow, "zxcvbnm,./"), (LowerRow, "ZXCVBNM<>?"),
            (Grave, "`"), (Grave, "~"), (Backslash, "\\"), (Backslash, "|"),
        ])
        {
            if (row.IndexOf(character, StringComparison.Ordinal) is >= 0 and var place)
                return first + place;
        }

        return 0;
    }

    private static int FindNamed(uint symbol) => symbol switch
    {
        0xFF08 => 14, // BackSpace
        0xFF09 or 0xFE20 => 15, // Tab, and with shift
        0xFF0D => 28, // Return
        0xFF13 => 119, // Pause
        0xFF14 => 70, // Scroll_Lock
        0xFF15 or 0xFF61 => 99, // Sys_Req, Print
        0xFF1B => 1, // Escape
        0xFF50 => 102, // Home
        0xFF51 => 105, // Left
        0xFF52 => 103, // Up
        0xFF53 => 106, // Right
        0xFF54 => 108, // Down
        0xFF55 => 104, // Page_Up
        0xFF56 => 109, // Page_Down
        0xFF57 => 107, // End
        0xFF63 => 110, // Insert
        0xFFFF => 111, // Delete
        0xFF67 => 127, // Menu
        0xFF7F => 69, // Num_Lock
        0xFF8D => 96, // KP_Enter
        0xFF95 or 0xFFB7 => 71, // KP_Home, KP_7
        0xFF97 or 0xFFB8 => 72, // KP_Up, KP_8
        0xFF9A or 0xFFB9 => 73, // KP_Page_Up, KP_9
        0xFF96 or 0xFFB4 => 75, // KP_Left, KP_4
        0xFF9D or 0xFFB5 => 76, // KP_Begin, KP_5
        0xFF98 or 0xFFB6 => 77, // KP_Right, KP_6
        0xFF9C or 0xFFB1 => 79, // KP_End, KP_1
        0xFF99 or 0xFFB2 => 80, // KP_Down, KP_2
        0xFF9B or 0xFFB3 => 81, // KP_Page_Down, KP_3
        0xFF9E or 0xFFB0 => 82, // KP_Insert, KP_0
        0xFF9F or 0xFFAE => 83, // KP_Delete, KP_Decimal
        0xFFAA => 55, // KP_Multiply
        0xFFAB => 78, // KP_Add
        0xFFAD => 74, // KP_Subtract
        0xFFAF => 98, // KP_Divide
        0xFFE1 => 42, // Shift_L
        0xFFE2 => 54, // Shift_R
        0xFFE3 => 29, // Control_L
        0xFFE4 => 97, // Control_R
        0xFFE5 => 58, // Caps_Lock
        0xFFE7 or 0xFFEB => 125, // Meta_L, Super_L
        0xFFE8 or 0xFFEC => 126, // Meta_R, Super_R
        0xFFE9 => 56, // Alt_L
        0xFFEA or 0xFE03 => 100, // Alt_R, ISO_Level3_Shift
        _ => 0,
    };
}
