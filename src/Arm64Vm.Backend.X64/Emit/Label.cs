namespace Arm64Vm.Backend.X64.Emit;

/// <summary>A place in the code of the current block, valid until the emitter's next Reset. The default value is no label.</summary>
internal readonly struct Label : IEquatable<Label>
{
    internal readonly int Id;

    internal Label(int id) => Id = id;

    public bool IsValid => Id != 0;

    public bool Equals(Label other) => Id == other.Id;

    public override bool Equals(object? obj) => obj is Label other && Equals(other);

    public override int GetHashCode() => Id;

    public static bool operator ==(Label left, Label right) => left.Id == right.Id;

    public static bool operator !=(Label left, Label right) => left.Id != right.Id;
}
