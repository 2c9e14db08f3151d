using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Translation.Jit.Images;

namespace Arm64Vm.Translation.Jit;

/// <summary>Slow paths and link stubs of units go to the end of their chunk, so that the host's caches hold hot code.</summary>
/// <remarks>
/// <code>
/// a chunk   | unit | unit | unit | …          | slow paths of the units, in the same order … |
/// </code>
/// A unit is compiled, and kept on disk, in one piece. Its cold part is moved before it is published, while nobody can be in it. What changes with that:
/// distances between its two parts, distances from the cold part to stubs and constants, and where link sites are.
/// </remarks>
internal sealed unsafe partial class TranslationCache
{
    /// <summary>One unit's move.</summary>
    /// <param name="Code">The unit, in one piece.</param>
    /// <param name="HotSize">Bytes that stay.</param>
    /// <param name="Distance">What is added to the place of the rest.</param>
    private readonly record struct ColdMove(nint Code, int HotSize, int Distance)
    {
        /// <summary>A distance from one part to the other.</summary>
        public void MoveCrossing(int field) => At(field) += field < HotSize ? Distance : -Distance;

        /// <summary>A distance to what stays where it is, outside of the unit.</summary>
        public void MoveReference(int field)
        {
            if (field >= HotSize)
                At(field) -= Distance;
        }

        // SAFETY: fields are within the unit.
        private ref int At(int field) => ref *(int*)(Code + field);
    }

    /// <summary>Moves the cold part of the unit that was just compiled at a writer's position, where there is room for it.</summary>
    internal void MoveCold(CodeWriter writer, in UnitDraft draft, ReadOnlySpan<int> crossings, ReadOnlySpan<CodeReference> references)
    {
        if (!TryBeginMove(writer, draft, out ColdMove move))
            return;
        foreach (int field in crossings)
            move.MoveCrossing(field);
        foreach (ref readonly CodeReference reference in references)
        {
            if (reference.Kind == ReferenceKind.Place)
                move.MoveReference(reference.Field);
        }

        FinishMove(writer, draft, move);
    }

    /// <summary>As above, of the unit that an image was just installed from.</summary>
    internal void MoveCold(CodeWriter writer, in UnitImage image)
    {
        if (!TryBeginMove(writer, image.Header.Draft, out ColdMove move))
            return;
        foreach (ushort field in image.Crossings)
            move.MoveCrossing(field);
        foreach (ushort field in image.Stubs)
            move.MoveReference(field);
        foreach (ref readonly ConstantReference constant in image.Constants)
            move.MoveReference((int)constant.Field);
        FinishMove(writer, image.Header.Draft, move);
    }

    /// <summary>By a multiple of 16, for fields that are patched must stay within eight aligned bytes; and to 16 bytes that no other unit has any of, by which a recording finds it.</summary>
    private bool TryBeginMove(CodeWriter writer, in UnitDraft draft, out ColdMove move)
    {
        int from = writer.Position + draft.HotSize;
        int to = ((writer.ColdPosition + 15) & ~15) + (from & 15);
        move = new ColdMove((nint)(buffer.Rw + writer.Position), draft.HotSize, to - from);
        int size = draft.CodeSize - draft.HotSize;
        return size != 0 && to + size <= writer.ColdEnd;
    }

    // SAFETY: the room behind the place is the writer's, and so is the unit.
    private void FinishMove(CodeWriter writer, in UnitDraft draft, ColdMove move)
    {
        int from = writer.Position + draft.HotSize;
        foreach (ref LinkSite site in writer.Sites)
            site = site.WithColdMovedBy(from, move.Distance);
        int size = draft.CodeSize - draft.HotSize;
        new ReadOnlySpan<byte>(buffer.Rw + from, size).CopyTo(new Span<byte>(buffer.Rw + from + move.Distance, size));
        writer.NoteMove(from + move.Distance);
    }
}
