namespace Arm64Vm.Translation.Verification;

/// <summary>One instruction, or one sequence, with its initial state and everything it changes.</summary>
internal sealed class TestVector
{
    public string Name { get; set; } = "sequence";

    public List<uint> Words { get; } = [];

    public string Disassembly { get; set; } = "";

    public int InitialState { get; set; }

    public ulong Pc { get; set; }

    /// <summary>Registers overridden before the run.</summary>
    public List<RegisterValue> Set { get; } = [];

    /// <summary>Registers that differ afterwards.</summary>
    public List<RegisterValue> Out { get; } = [];

    /// <summary>Bytes of data memory that differ afterwards.</summary>
    public List<(int Offset, byte Value)> Memory { get; } = [];

    public bool Undefined { get; set; }

    public bool IsSequence => Words.Count > 1;
}

/// <summary>A register by number: 0–30 X, then see the constants; V registers from <see cref="FirstVector"/>.</summary>
internal readonly record struct RegisterValue(int Register, UInt128 Value)
{
    public const int Sp = 31;
    public const int Nzcv = 32;
    public const int Fpcr = 33;
    public const int Fpsr = 34;
    public const int Pc = 35;
    public const int FirstVector = 36;
    public const int Count = FirstVector + 32;

    public static int BitsOf(int register) => register switch
    {
        >= FirstVector => 128,
        Nzcv or Fpcr or Fpsr => 32,
        _ => 64,
    };

    public static string Name(int register) => register switch
    {
        < Sp => $"x{register}",
        Sp => "sp",
        Nzcv => "nzcv",
        Fpcr => "fpcr",
        Fpsr => "fpsr",
        Pc => "pc",
        _ => $"v{register - FirstVector}",
    };
}
