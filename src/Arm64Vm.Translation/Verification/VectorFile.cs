using System.IO.Compression;
using System.Text.Json;

namespace Arm64Vm.Translation.Verification;

/// <summary>Reads the vector format: one JSON object a line, gzipped. What a file can make the reader hold is bounded.</summary>
internal static class VectorFile
{
    /// <summary>Unpacked bytes of a file; ten times those of the largest that there is.</summary>
    private const int MaximumSize = 64 << 20;

    private const int MaximumVectors = 1 << 18;

    /// <param name="file">The file's bytes.</param>
    /// <param name="name">Its name, for messages.</param>
    /// <param name="check">Says what is wrong with a vector that could be read; null: nothing.</param>
    /// <exception cref="InvalidDataException">It is damaged, or too large; the message names file, line and field.</exception>
    public static List<TestVector> Read(Stream file, string name, Func<TestVector, string?> check)
    {
        var vectors = new List<TestVector>();
        ReadOnlySpan<byte> text = Unpack(file, name);
        for (int line = 1; !text.IsEmpty; line++)
        {
            int end = text.IndexOf((byte)'\n');
            ReadOnlySpan<byte> one = end < 0 ? text : text[..end];
            text = end < 0 ? default : text[(end + 1)..];
            if (one.IsEmpty)
                continue;
            if (vectors.Count == MaximumVectors)
                throw new InvalidDataException($"{name} has more than {MaximumVectors} vectors.");
            var reader = new VectorLineReader(one);
            string? fault;
            try
            {
                TestVector vector = reader.Read();
                vectors.Add(vector);
                fault = check(vector);
            }
            catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException)
            {
                // The JSON reader's own texts speak of its tokens; the field says where to look.
                fault = $"field '{reader.Field}': {(e is FormatException ? e.Message : "is not JSON in UTF-8 of the kind that belongs there")}";
            }

            if (fault is not null)
                throw new InvalidDataException($"{name}, line {line}: {fault}");
        }

        return vectors;
    }

    private static ReadOnlySpan<byte> Unpack(Stream file, string name)
    {
        using var unpacker = new GZipStream(file, CompressionMode.Decompress);
        var unpacked = new byte[64 << 10];
        int length = 0;
        try
        {
            int read;
            while ((read = unpacker.Read(unpacked, length, unpacked.Length - length)) > 0)
            {
                length += read;
                if (length > MaximumSize)
                    throw new InvalidDataException($"{name} unpacks to more than {MaximumSize >> 20} MiB.");
                if (length == unpacked.Length)
                    Array.Resize(ref unpacked, Math.Min(length * 2, MaximumSize + 1));
            }
        }
        catch (InvalidDataException e) when (length <= MaximumSize)
        {
            throw new InvalidDataException($"{name}: the gzip data are damaged.", e);
        }

        return unpacked.AsSpan(0, length);
    }
}
