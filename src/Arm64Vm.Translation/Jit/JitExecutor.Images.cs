using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Translation.Jit.Images;

namespace Arm64Vm.Translation.Jit;

/// <summary>Units from disk, and units for it.</summary>
/// <remarks>
/// SAFETY: what is kept must have been made from the very bytes that are kept with it, even if the page is written to meanwhile: so it is made from a copy of the page.
/// The copy is taken, and images are compared with the page, after its version was read, as bytes are that are translated; publishing compares versions in both cases.
/// </remarks>
internal sealed unsafe partial class JitExecutor
{
    private const int PageSize = 4096;
    private ImageStore? images;
    private UnitImageBuilder? imageBuilder;
    private NativeMemoryRegion? pageCopy;
    private UnitImage newImage;
    private bool hasNewImage;

    /// <summary>Where translations are looked for and kept; null: they are always made. Set before the first run, outlives the executor.</summary>
    public ImageStore? Images
    {
        get => images;
        set
        {
            images = value;
            if (value is null || imageBuilder is not null)
                return;
            imageBuilder = new UnitImageBuilder();
            pageCopy = new NativeMemoryRegion(PageSize);
        }
    }

    /// <summary>Puts code for the unit at an offset of a page at the writer's position: from an image that fits, or by translating. False: start over.</summary>
    private bool TryMakeCode(GuestContext* context, CodeTable* table, int offset, out UnitDraft draft)
    {
        hasNewImage = false;
        UnitVariant variant = new(table->Mode, CountsInstructions || table->Mode.CountsInstructions, StepsUnits);

        // What a recording counts and maps, code from images does not have.
        if (images is null || profile is not null || !variant.IsKept)
        {
            if (!TryCompile(context, table, table->Host, offset, out draft))
                return false;
            MoveCold(draft);
            return true;
        }

        if (images.TryFind(variant, table->Host, offset, out UnitImage image))
            return TryInstall(context, image, out draft);

        new ReadOnlySpan<byte>(table->Host, PageSize).CopyTo(new Span<byte>(pageCopy!.Address, PageSize));
        if (!TryCompile(context, table, pageCopy.Address, offset, out draft))
            return false;
        hasNewImage = imageBuilder!.TryBuild(cache, writer, compiler.References, compiler.Crossings, draft, variant, pageCopy.Address, out newImage);
        MoveCold(draft);
        return true;
    }

    /// <summary>Moves the slow paths of the unit that was just compiled to where they are out of the way; not of units that somebody looks at one by one.</summary>
    private void MoveCold(in UnitDraft draft)
    {
        if (!StepsUnits)
            cache.MoveCold(writer, draft, compiler.Crossings, compiler.References);
    }

    private bool TryInstall(GuestContext* context, in UnitImage image, out UnitDraft draft)
    {
        draft = image.Header.Draft;
        bool isFresh = false;
        while (!cache.TryInstall(image, writer))
        {
            if (isFresh)
                throw new InvalidOperationException("one unit does not fit an empty chunk");
            if (!cache.TryTakeChunk(writer))
            {
                WaitForOthers(context);
                return false;
            }

            isFresh = true;
        }

        if (!StepsUnits)
            cache.MoveCold(writer, image);
        counters.LoadedUnits++;
        counters.LoadedInstructions += draft.GuestInstructions;
        counters.LoadedBytes += draft.CodeSize;
        return true;
    }

    /// <summary>The unit whose code was put at <paramref name="place"/> is reachable now, unless another vCPU was quicker.</summary>
    private void KeepImage(int unit, int place)
    {
        if (hasNewImage && unit >= 0 && cache.Unit(unit).CodeOffset == place)
            images!.Add(newImage);
        hasNewImage = false;
    }
}
