using System.Text.Encodings.Web;
using System.Text.Json;

namespace Arm64Vm.Profiling;

/// <summary>Writing JSON documents that are larger than what one wants in memory twice.</summary>
internal static class JsonExport
{
    private const int Pending = 1 << 18;

    public static Utf8JsonWriter Open(Stream output) => new(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>Sends what has gathered, when that is much.</summary>
    public static void Drain(this Utf8JsonWriter json)
    {
        if (json.BytesPending > Pending)
            json.Flush();
    }

    /// <summary>An array of numbers.</summary>
    public static void WriteNumbers(this Utf8JsonWriter json, string name, IEnumerable<long> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteNumberValue(value);
            json.Drain();
        }

        json.WriteEndArray();
    }

    /// <summary>An array of numbers; −1 is written as null.</summary>
    public static void WriteIndices(this Utf8JsonWriter json, string name, IEnumerable<int> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            if (value < 0)
                json.WriteNullValue();
            else
                json.WriteNumberValue(value);
            json.Drain();
        }

        json.WriteEndArray();
    }

    /// <summary>An array of texts.</summary>
    public static void WriteTexts(this Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
            json.Drain();
        }

        json.WriteEndArray();
    }
}
