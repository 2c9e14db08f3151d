using System.Buffers.Text;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Arm64Vm.Translation.Verification;

/// <summary>Reads the vector format: one JSON object a line, gzipped.</summary>
internal static class VectorFile
{
    public static List<TestVector> Read(Stream file)
    {
        var vectors = new List<TestVector>();
        using var unpacked = new GZipStream(file, CompressionMode.Decompress);
        using var buffer = new MemoryStream();
        unpacked.CopyTo(buffer);
        ReadOnlySpan<byte> text = buffer.GetBuffer().AsSpan(0, (int)buffer.Length);
        while (!text.IsEmpty)
        {
            int end = text.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? text : text[..end];
            text = end < 0 ? default : text[(end + 1)..];
            if (!line.IsEmpty)
                vectors.Add(ReadVector(line));
        }

        return vectors;
    }

    private static TestVector ReadVector(ReadOnlySpan<byte> line)
    {
        var vector = new TestVector();
        var json = new Utf8JsonReader(line);
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("n"u8))
                vector.Name = NextString(ref json);
            else if (json.ValueTextEquals("i"u8))
                ReadWords(ref json, vector.Words);
            else if (json.ValueTextEquals("a"u8))
                vector.Disassembly = ReadLines(ref json);
            else if (json.ValueTextEquals("s"u8))
                vector.InitialState = NextInt(ref json);
            else if (json.ValueTextEquals("pc"u8))
                vector.Pc = ulong.Parse(NextString(ref json), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            else if (json.ValueTextEquals("set"u8))
                ReadRegisters(ref json, vector.Set);
            else if (json.ValueTextEquals("out"u8))
                ReadRegisters(ref json, vector.Out);
            else if (json.ValueTextEquals("mem"u8))
                ReadMemory(ref json, vector.Memory);
            else if (json.ValueTextEquals("undef"u8))
                vector.Undefined = NextInt(ref json) != 0;
            else
                json.Skip();
        }

        return vector;
    }

    private static string NextString(ref Utf8JsonReader json)
    {
        json.Read();
        return json.GetString() ?? "";
    }

    private static int NextInt(ref Utf8JsonReader json)
    {
        json.Read();
        return json.GetInt32();
    }

    private static void ReadWords(ref Utf8JsonReader json, List<uint> words)
    {
        json.Read();
        if (json.TokenType == JsonTokenType.String)
        {
            words.Add((uint)Hex(json.ValueSpan));
            return;
        }

        while (json.Read() && json.TokenType == JsonTokenType.String)
            words.Add((uint)Hex(json.ValueSpan));
    }

    private static string ReadLines(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType == JsonTokenType.String)
            return json.GetString() ?? "";
        var lines = new StringBuilder();
        while (json.Read() && json.TokenType == JsonTokenType.String)
            lines.Append(lines.Length == 0 ? "" : "; ").Append(json.GetString());
        return lines.ToString();
    }

    private static void ReadRegisters(ref Utf8JsonReader json, List<RegisterValue> registers)
    {
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            int register = RegisterOf(json.ValueSpan);
            json.Read();
            registers.Add(new RegisterValue(register, Hex(json.ValueSpan)));
        }
    }

    private static void ReadMemory(ref Utf8JsonReader json, List<(int Offset, byte Value)> memory)
    {
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.StartArray)
        {
            int offset = NextInt(ref json);
            json.Read();
            memory.Add((offset, (byte)Hex(json.ValueSpan)));
            json.Read();
        }
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
        if (name.Length > 1 && Utf8Parser.TryParse(name[1..], out int number, out _) && (uint)number < 32)
            return name[0] == (byte)'x' ? number : RegisterValue.FirstVector + number;
        throw new FormatException($"unknown register {Encoding.UTF8.GetString(name)}");
    }

    private static UInt128 Hex(ReadOnlySpan<byte> digits) => UInt128.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
