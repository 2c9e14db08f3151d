using System.IO.Compression;
using System.Text.Json;

namespace Arm64Vm.Ir.Tests.SoftFloat;

/// <summary>One line of fp-simd.jsonl.gz: an executed instruction with its disassembly and every register it changed.</summary>
internal sealed record FpVector(string Text, int State, JsonElement Out)
{
    /// <summary>tests/vectors, found above the test binary.</summary>
    public static string Folder
    {
        get
        {
            for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                string candidate = Path.Combine(folder.FullName, "tests", "vectors");
                if (Directory.Exists(candidate))
                    return candidate;
            }

            throw new DirectoryNotFoundException("tests/vectors");
        }
    }

    /// <summary>The defined instructions that the disassembler could name.</summary>
    public static IEnumerable<FpVector> ReadAll()
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(Path.Combine(Folder, "fp-simd.jsonl.gz")), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
        {
            JsonElement root = JsonDocument.Parse(line).RootElement;
            string text = root.GetProperty("a").GetString()!;
            if (root.TryGetProperty("undef", out _) || text.StartsWith('.'))
                continue;
            int comment = text.IndexOf(" //", StringComparison.Ordinal);
            yield return new FpVector(comment < 0 ? text : text[..comment], root.GetProperty("s").GetInt32(), root.GetProperty("out"));
        }
    }
}
