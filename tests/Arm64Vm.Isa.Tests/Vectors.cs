using System.Globalization;
using System.IO.Compression;
using System.Text.Json;

namespace Arm64Vm.Isa.Tests;

/// <summary>One instruction word of tests/vectors with binutils' text for it.</summary>
internal readonly record struct VectorWord(string? Name, uint Word, string Text, bool Undefined);

/// <summary>The instruction words of tests/vectors.</summary>
internal static class Vectors
{
    public static readonly string[] SingleFiles = ["dp-imm", "dp-reg", "branch", "ldst", "fp-simd"];

    public static IEnumerable<VectorWord> Read(string file)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(RepositoryFiles.Path("tests", "vectors", file + ".jsonl.gz")), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            JsonElement words = root.GetProperty("i");
            JsonElement texts = root.GetProperty("a");
            if (words.ValueKind == JsonValueKind.Array)
            {
                for (int i = 0; i < words.GetArrayLength(); i++)
                    yield return new VectorWord(null, Hex(words[i]), texts[i].GetString()!, false);
            }
            else
            {
                yield return new VectorWord(root.GetProperty("n").GetString(), Hex(words), texts.GetString()!, root.TryGetProperty("undef", out _));
            }
        }
    }

    private static uint Hex(JsonElement element) => uint.Parse(element.GetString()!, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
