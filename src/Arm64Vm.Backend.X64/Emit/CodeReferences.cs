namespace Arm64Vm.Backend.X64.Emit;

/// <summary>What a field of emitted code stands for.</summary>
internal enum ReferenceKind : byte
{
    /// <summary>A rel32 to an address outside the block: a stub or a constant.</summary>
    Place,

    /// <summary>The index of an operation in a table of the code's owner.</summary>
    Operation,
}

/// <summary>A field of four bytes in emitted code that is right only where it was emitted.</summary>
/// <param name="Field">Its offset from the start of the block.</param>
/// <param name="Kind">What it stands for.</param>
/// <param name="Value">The address, or the index.</param>
internal readonly record struct CodeReference(int Field, ReferenceKind Kind, long Value);

/// <summary>Everything in a block of code that must be changed when the block is moved to another place or to another owner of code.</summary>
/// <remarks>
/// The emitter adds every distance to an address that is not in the block, whichever instruction it is in; who emits an index of the owner's tables adds that.
/// Link sites are not here: <see cref="Compile.LinkSite"/> tells where theirs are. Nothing else in a block may depend on where it is: an address as an immediate would.
/// </remarks>
internal sealed class CodeReferences
{
    private CodeReference[] references = new CodeReference[64];
    private int count;

    /// <summary>In the order of their fields.</summary>
    public ReadOnlySpan<CodeReference> Items => references.AsSpan(0, count);

    public void Clear() => count = 0;

    /// <summary>Adds a field of the instruction that begins at <paramref name="start"/>, which may be emitted again there: what it added before is forgotten.</summary>
    public void Add(int start, in CodeReference reference)
    {
        while (count > 0 && references[count - 1].Field >= start)
            count--;
        if (count == references.Length)
            Array.Resize(ref references, count * 2);
        references[count++] = reference;
    }
}
