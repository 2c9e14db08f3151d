using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Arm64Vm.Translation.Verification;

/// <summary>Reads one vector. Every number is checked for the width of what it stands for.</summary>
internal ref struct VectorLineReader(ReadOnlySpan<byte> line)
{
    private const int WordBits = 32;
    private const int PointerBits = 64;
    private const int ByteBits = 8;

    private Utf8JsonReader _json = new(line);

    /// <summary>The field that is being read, for messages.</summary>
    public string Field { get; private set; } = "{";

    /// <exception cref="FormatException">A value is not of its field's kind.</exception>
    /// <exception cref="JsonException">It is not JSON.</exception>
    /// <exception cref="InvalidOperationException">It is not UTF-8.</exception>
    public TestVector Read()
    {
        var vector = new TestVector();
        Next(JsonTokenType.StartObject);
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            Field = _json.GetString() ?? "";
            switch (Field)
            {
                case "n":
                    vector.Name = NextString();
                    break;
                case "i":
                    ReadWords(vector.Words);
                    break;
                case "a":
                    vector.Disassembly = ReadLines();
                    break;
                case "s":
                    vector.InitialState = NextInt();
                    break;
                case "pc":
                    Next(JsonTokenType.String);
                    vector.Pc = (ulong)Hex(PointerBits);
                    break;
                case "set":
                    ReadRegisters(vector.Set);
                    break;
                case "out":
                    ReadRegisters(vector.Out);
                    break;
                case "mem":
                    ReadMemory(vector.Memory);
                    break;
                case "undef":
                    vector.Undefined = NextInt() != 0;
                    break;
                default:
                    _json.Skip();
                    break;
            }
        }

        Field = "}";
        if (_json.Read())
            throw new FormatException("something follows the vector");
        return vector;
    }

    private void Next(JsonTokenType wanted)
    {
        if (!_json.Read() || _json.TokenType != wanted)
            throw new FormatException($"must be {Describe(wanted)}");
    }

    private static string Describe(JsonTokenType kind) => kind switch
    {
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.StartArray => "a list",
        JsonTokenType.EndArray => "a list of two",
        _ => "an object",
    };

    private string NextString()
    {
        Next(JsonTokenType.String);
        return _json.GetString()!;
    }

    private int NextInt()
    {
        Next(JsonTokenType.Number);
        return _json.TryGetInt32(out int number) ? number : throw new FormatException("must be a whole number of 32 bits");
    }

    private void ReadWords(List<uint> words)
    {
        _json.Read();
        if (_json.TokenType == JsonTokenType.String)
        {
            words.Add((uint)Hex(WordBits));
            return;
        }

        ExpectListOfStrings();
        while (_json.Read() && _json.TokenType == JsonTokenType.String)
            words.Add((uint)Hex(WordBits));
        ExpectEndOfList();
    }

    private string ReadLines()
    {
        _json.Read();
        if (_json.TokenType == JsonTokenType.String)
            return _json.GetString()!;
        ExpectListOfStrings();
        var lines = new StringBuilder();
        while (_json.Read() && _json.TokenType == JsonTokenType.String)
            lines.Append(lines.Length == 0 ? "" : "; ").Append(_json.GetString());
        ExpectEndOfList();
        return lines.ToString();
    }

    private readonly void ExpectListOfStrings()
    {
        if (_json.TokenType != JsonTokenType.StartArray)
            throw new FormatException("must be a string or a list of strings");
    }

    private readonly void ExpectEndOfList()
    {
        if (_json.TokenType != JsonTokenType.EndArray)
            throw new FormatException("must be a list of strings");
    }

    private void ReadRegisters(List<RegisterValue> registers)
    {
        Next(JsonTokenType.StartObject);
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            int register = RegisterOf(_json.ValueSpan);
            Next(JsonTokenType.String);
            registers.Add(new RegisterValue(register, Hex(RegisterValue.BitsOf(register))));
        }
    }

    private void ReadMemory(List<(int Offset, byte Value)> memory)
    {
        Next(JsonTokenType.StartArray);
        while (_json.Read() && _json.TokenType == JsonTokenType.StartArray)
        {
            int offset = NextInt();
            Next(JsonTokenType.String);
            memory.Add((offset, (byte)Hex(ByteBits)));
            Next(JsonTokenType.EndArray);
        }

        if (_json.TokenType != JsonTokenType.EndArray)
            throw new FormatException("must be a list of lists of an offset and a byte");
    }

    private static int RegisterOf(ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual("sp"u8))
            return RegisterValue.Sp;
        if (name.SequenceEqual("nzcv"u8))
            return RegisterValue.Nzcv;
        if (name.SequenceEqual("fpcr"u8))
            return RegisterValue.Fpcr;
        if (name.SequenceEqual("fpsr"u8))
            return RegisterValue.Fpsr;
        if (name.SequenceEqual("pc"u8))
            return RegisterValue.Pc;
        if (name.Length > 1 && name[0] is (byte)'x' or (byte)'v' && Utf8Parser.TryParse(name[1..], out int number, out int used) && used == name.Length - 1)
        {
            if (name[0] == (byte)'x' && (uint)number < RegisterValue.Sp)
                return number;
            if (name[0] != (byte)'x' && (uint)number < RegisterValue.Count - RegisterValue.FirstVector)
                return RegisterValue.FirstVector + number;
        }

        throw new FormatException($"there is no register '{Encoding.Latin1.GetString(name[..Math.Min(name.Length, 16)])}'");
    }

    private readonly UInt128 Hex(int bits) =>
        UInt128.TryParse(_json.ValueSpan, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out UInt128 value) && (bits == 128 || value >> bits == 0)
            ? value
            : throw new FormatException($"must be {bits} bits in hexadecimal");
}
