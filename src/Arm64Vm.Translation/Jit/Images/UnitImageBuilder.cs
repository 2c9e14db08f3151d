using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Jit.Images;

/// <summary>Makes the images of units that were just compiled. One for each compiling thread, reused.</summary>
/// <remarks>SAFETY: owns the memory of the image until Dispose; what is written stays within <see cref="Capacity"/>, which is looked at first.</remarks>
internal sealed unsafe class UnitImageBuilder : IDisposable
{
    private const int Capacity = 1 << 18;

    private readonly NativeMemoryRegion memory = new(Capacity);

    /// <summary>Makes the image of the unit that lies at a writer's position, before anything is linked to it. False: it can have none.</summary>
    /// <param name="cache">The cache that it was compiled for.</param>
    /// <param name="writer">Has the code and its link sites.</param>
    /// <param name="references">Of the code.</param>
    /// <param name="crossings">Of the code (<see cref="X64Emitter.Crossings"/>).</param>
    /// <param name="draft">The unit.</param>
    /// <param name="variant">How it was compiled.</param>
    /// <param name="page">The 4096 bytes of guest code that it was made from.</param>
    /// <param name="image">Valid until the next call.</param>
    public bool TryBuild(
        TranslationCache cache,
        CodeWriter writer,
        ReadOnlySpan<CodeReference> references,
        ReadOnlySpan<int> crossings,
        in UnitDraft draft,
        in UnitVariant variant,
        byte* page,
        out UnitImage image)
    {
        image = new UnitImage(memory.Address);
        if (draft.CodeSize > UnitImage.LargestCode)
            return false;
        UnitImageHeader* header = (UnitImageHeader*)memory.Address;
        *header = new UnitImageHeader
        {
            Hash = UnitImage.Hash(variant, page, draft.PageOffset),
            Mode = variant.Mode.Bits,
            Options = variant.Options,
            Sites = writer.Sites.Length,
            Crossings = crossings.Length,
            Draft = draft,
        };
        foreach (ref readonly CodeReference reference in references)
        {
            if (reference.Kind == ReferenceKind.Operation)
                header->Operations++;
            else if (cache.IsStub(reference.Value))
                header->Stubs++;
            else if (cache.IsConstant(reference.Value))
                header->Constants++;
            else
                return false;
        }

        header->Size = image.RequiredSize;
        if (header->Size > Capacity)
            return false;
        new Span<byte>(memory.Address + sizeof(UnitImageHeader), header->Size - sizeof(UnitImageHeader)).Clear();
        new ReadOnlySpan<byte>(page + draft.DependencyStart, image.Guest.Length).CopyTo(Writable(image.Guest));
        CopySites(writer, image);
        Span<ushort> fields = Writable(image.Crossings);
        for (int i = 0; i < crossings.Length; i++)
            fields[i] = (ushort)crossings[i];
        cache.CodeAt(writer.Position, draft.CodeSize).CopyTo(Writable(image.Code));
        Separate(cache, writer.Position, references, image);
        header->Checksum = UnitImage.Checksum(image.Bytes);
        return true;
    }

    private static void CopySites(CodeWriter writer, in UnitImage image)
    {
        Span<LinkSite> sites = Writable(image.Sites);
        for (int i = 0; i < sites.Length; i++)
            sites[i] = writer.Sites[i].MovedBy(-writer.Position);
    }

    /// <summary>Takes what depends on place and owner out of the code's copy.</summary>
    private static void Separate(TranslationCache cache, int place, ReadOnlySpan<CodeReference> references, in UnitImage image)
    {
        Span<byte> code = Writable(image.Code);
        Span<OperationReference> operations = Writable(image.Operations);
        Span<ConstantReference> constants = Writable(image.Constants);
        Span<ushort> stubs = Writable(image.Stubs);
        int operation = 0;
        int constant = 0;
        int stub = 0;
        foreach (ref readonly CodeReference reference in references)
        {
            ref int field = ref MemoryMarshal.AsRef<int>(code.Slice(reference.Field, sizeof(int)));
            if (reference.Kind == ReferenceKind.Operation)
            {
                field = 0;
                operations[operation++] = new OperationReference { Operation = PureOperationTable.WithoutNumbers(cache.PureOperation((uint)reference.Value)), Field = reference.Field };
            }
            else if (cache.IsStub(reference.Value))
            {
                field += place;
                stubs[stub++] = (ushort)reference.Field;
            }
            else
            {
                Bits128 value = cache.ConstantAt(reference.Value, out int offset);
                field += place - offset;
                constants[constant++] = new ConstantReference { Low = value.Lo, High = value.Hi, Field = reference.Field };
            }
        }
    }

    // SAFETY: parts of the image lie in this object's memory.
    private static Span<T> Writable<T>(ReadOnlySpan<T> part) => MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(part), part.Length);

    public void Dispose() => memory.Dispose();
}
