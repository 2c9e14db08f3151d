using System.Text.Json;

namespace Arm64Vm.Machine.Debugging.Qmp;

/// <summary>The members of a command's arguments, or of an object inside them.</summary>
/// <param name="json">An object; undefined: there are none.</param>
internal readonly struct QmpArguments(JsonElement json)
{
    /// <summary>Null: it is not there.</summary>
    public JsonElement? Find(string name) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) ? value : null;

    /// <exception cref="QmpException">It is missing, or no text.</exception>
    public string Text(string name) => OptionalText(name) ?? throw new QmpException($"Parameter '{name}' is missing");

    /// <exception cref="QmpException">It is no text.</exception>
    public string? OptionalText(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        _ => throw new QmpException($"Invalid parameter type for '{name}', expected: string"),
    };

    /// <summary>False where it is not there.</summary>
    /// <exception cref="QmpException">It is neither true nor false.</exception>
    public bool Flag(string name) => Find(name) switch
    {
        null => false,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw new QmpException($"Invalid parameter type for '{name}', expected: boolean"),
    };

    /// <summary>A number from 1; null: it is not there.</summary>
    /// <exception cref="QmpException">It is another, or none.</exception>
    public int? OptionalCount(string name, int most)
    {
        if (Find(name) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out var number))
            throw new QmpException($"Invalid parameter type for '{name}', expected: integer");
        return number >= 1 && number <= most ? (int)number : throw new QmpException($"Parameter '{name}' is from 1 to {most} here");
    }

    /// <exception cref="QmpException">It is missing, or no object.</exception>
    public QmpArguments Object(string name) => Find(name) switch
    {
        null => throw new QmpException($"Parameter '{name}' is missing"),
        { ValueKind: JsonValueKind.Object } value => new QmpArguments(value),
        _ => throw new QmpException($"Invalid parameter type for '{name}', expected: object"),
    };

    /// <summary>Objects of a list; none where it is not there.</summary>
    /// <exception cref="QmpException">It is no list.</exception>
    public IEnumerable<QmpArguments> Objects(string name) => Find(name) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } list => list.EnumerateArray().Select(one => new QmpArguments(one)).ToList(),
        _ => throw new QmpException($"Invalid parameter type for '{name}', expected: array"),
    };

    /// <summary>Refuses members that nobody would look at.</summary>
    /// <exception cref="QmpException">There is another one.</exception>
    public void Allow(params ReadOnlySpan<string> names)
    {
        if (json.ValueKind != JsonValueKind.Object)
            return;
        foreach (var member in json.EnumerateObject())
        {
            if (!names.Contains(member.Name))
                throw new QmpException($"Parameter '{member.Name}' is unexpected");
        }
    }
}
