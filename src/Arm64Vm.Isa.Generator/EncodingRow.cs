namespace Arm64Vm.Isa.Generator;

/// <summary>A set of words: those where <c>(word &amp; Mask) == Value</c>.</summary>
internal readonly record struct Cube(uint Mask, uint Value)
{
    public bool Contains(uint word) => (word & Mask) == Value;

    public bool Intersects(Cube other) => ((Value ^ other.Value) & Mask & other.Mask) == 0;

    /// <summary>True where every word of <paramref name="other"/> is in this set.</summary>
    public bool Includes(Cube other) => (Mask & ~other.Mask) == 0 && ((Value ^ other.Value) & Mask) == 0;

    public Cube Intersection(Cube other) => new(Mask | other.Mask, Value | other.Value);
}

/// <summary>One line of the table.</summary>
internal sealed record EncodingRow(string EnumName, string ManualName, string Pattern, string Group, string Feature, Cube Fixed, Cube[] Rejected);

/// <summary>A line of the table that cannot be read; the message names file and line.</summary>
internal sealed class SpecException(string message) : Exception(message);
