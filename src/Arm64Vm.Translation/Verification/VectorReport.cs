namespace Arm64Vm.Translation.Verification;

/// <summary>A vector whose outcome differs from what is recorded.</summary>
/// <param name="Name">The encoding's name, or "sequence".</param>
/// <param name="Pc">Address of the (first) instruction.</param>
/// <param name="Words">The instruction words.</param>
/// <param name="Disassembly">As recorded; instructions of a sequence are separated by "; ".</param>
/// <param name="Differences">One line for every register or memory byte: name, expected, actual.</param>
internal sealed record VectorFailure(string Name, ulong Pc, IReadOnlyList<uint> Words, string Disassembly, IReadOnlyList<string> Differences)
{
    public override string ToString() =>
        $"{Name} at {Pc:x}: {string.Join(' ', Words.Select(word => word.ToString("x8")))} {Disassembly}\n    {string.Join("\n    ", Differences)}";
}

/// <summary>The outcome of one file of vectors.</summary>
/// <param name="File">The file's name without its extensions.</param>
/// <param name="Passed">Vectors with exactly the recorded outcome.</param>
/// <param name="Failures">The others.</param>
internal sealed record VectorReport(string File, int Passed, IReadOnlyList<VectorFailure> Failures)
{
    public override string ToString() => $"{File}: {Passed} passed, {Failures.Count} failed";
}
