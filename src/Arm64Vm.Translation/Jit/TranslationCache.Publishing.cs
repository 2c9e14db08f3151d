using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;
using Arm64Vm.Translation.Profiling;

namespace Arm64Vm.Translation.Jit;

/// <summary>A unit that has been compiled into its writer's chunk and is not yet known to the cache.</summary>
/// <param name="PageOffset">Offset in the page of its first instruction.</param>
/// <param name="GuestSize">Bytes of guest code.</param>
/// <param name="DependencyStart">First byte in the page that the translation depends on.</param>
/// <param name="DependencyEnd">Behind the last such byte.</param>
/// <param name="GuestInstructions">For statistics.</param>
/// <param name="CodeSize">Bytes of host code, at the writer's position.</param>
/// <param name="HotSize">Of these, those before its slow paths and link stubs.</param>
internal readonly record struct UnitDraft(int PageOffset, int GuestSize, int DependencyStart, int DependencyEnd, int GuestInstructions, int CodeSize, int HotSize)
{
    /// <summary>Of a region that was translated from an offset in its page.</summary>
    public static UnitDraft Of(IrRegion region, int offset, int codeSize, int hotSize) =>
        new(offset, Math.Max(region.GuestEnd - offset, 4), region.DependencyStart, region.DependencyEnd, region.GuestInstructions, codeSize, hotSize);
}

/// <summary>Adding units, and linking them.</summary>
internal sealed unsafe partial class TranslationCache
{
    /// <summary>Less than this is not worth a try; the emitter needs room for one instruction at least.</summary>
    private const int SmallestRoom = 64;

    /// <summary>Compiles into a writer's chunk; false where it does not fit.</summary>
    internal bool TryCompile(X64Compiler compiler, CodeWriter writer, IrRegion region, CompileMode compileMode, out int size)
    {
        size = 0;
        writer.Begin();
        int room = writer.End - writer.Position - sizeof(int);
        return room >= SmallestRoom && compiler.TryCompile(region, compileMode, buffer.Rw + writer.Position, buffer.Rx + writer.Position, room, writer.Position, out size);
    }

    /// <summary>Makes a compiled unit reachable; −1 where bytes of the page have changed since <paramref name="version"/> was read, or constants were given up since <paramref name="constantsGeneration"/> was.</summary>
    /// <param name="writer">Has its code.</param>
    /// <param name="table">Where it becomes reachable.</param>
    /// <param name="version">Of the page.</param>
    /// <param name="constantsGeneration">Of the constants that its code refers to.</param>
    /// <param name="draft">The unit.</param>
    /// <param name="recorded">What a recording keeps of it; empty: none is on.</param>
    internal int Publish(CodeWriter writer, CodeTable* table, uint version, uint constantsGeneration, in UnitDraft draft, in RecordedUnit recorded = default)
    {
        lock (gate)
        {
            CodePage* page = table->Page;
            if (table->IsRetired || ConstantsGeneration != constantsGeneration || page->Version != version || page->Watch != WatchState.Watched)
                return -1;
            uint* entry = table->Entries + (draft.PageOffset >> 2);
            if (*entry != 0)
                return UnitAt(*entry); // another vCPU was quicker: its code is as good, and ours is overwritten by the next

            int index = AllocateUnit();
            ref TranslationUnit unit = ref units[index];
            unit = new TranslationUnit
            {
                PhysicalAddress = page->PhysicalPage + (ulong)draft.PageOffset,
                Mode = table->Mode,
                CodeOffset = writer.Position,
                CodeSize = draft.CodeSize,
                HotSize = draft.HotSize,
                ColdOffset = writer.ColdOffsetOf(draft),
                GuestSize = (ushort)draft.GuestSize,
                DependencyStart = (ushort)draft.DependencyStart,
                DependencyEnd = (ushort)draft.DependencyEnd,
                IsLive = true,
                FirstSite = -1,
                FirstIncoming = -1,
                NextInPage = page->FirstUnit,
                NextInChunk = chunks[writer.Chunk].FirstUnit,
                Table = (nint)table,
            };
            page->FirstUnit = index;
            chunks[writer.Chunk].FirstUnit = index;
            if (table->Units++ == 0)
                pages.EmptyTables--;
            foreach (ref readonly LinkSite site in writer.Sites)
                AddSite(index, site);
            *(int*)(buffer.Rw + unit.CodeOffset - sizeof(int)) = index;
            writer.Advance(draft);
            Statistics.Count(draft.GuestInstructions, draft.CodeSize);
            Statistics.LiveUnits++;
            Statistics.LiveBytes += draft.CodeSize;
            chunks[writer.Chunk].LiveBytes += draft.CodeSize;

            if (!recorded.IsEmpty)
                unit.Recorded = registry?.Add(recorded) ?? 0;

            // The code is complete before a processor that reads the entry can go there.
            Volatile.Write(ref *entry, (uint)unit.CodeOffset);
            return index;
        }
    }

    /// <summary>Makes a direct jump go straight to a unit of its mode, unless either has been removed.</summary>
    internal void Link(int site, int target)
    {
        lock (gate)
        {
            ref LinkSite link = ref sites[site];
            if (link.Target >= 0 || !units[link.Owner].IsLive || !units[target].IsLive)
                return;
            if (link.IsFar && !TryExpect(ref link, (uint)(ulong)((CodeTable*)units[target].Table)->Entries))
                return;
            link.Target = target;
            link.NextIncoming = units[target].FirstIncoming;
            units[target].FirstIncoming = site;
            Patch(link.JumpField, units[target].CodeOffset);
            Statistics.Links++;
        }
    }

    /// <summary>A far jump is for the page with these entries from now on, or was for them already. For another page it will look every target up.</summary>
    private bool TryExpect(ref LinkSite link, uint entries)
    {
        int lookUp = (int)((byte*)(link.IsCall ? Stubs.FarCall : Stubs.FarJump) - buffer.Rx);
        if (link.Expected == 0)
        {
            link.Expected = entries;
            CodePatcher.PatchConstant(buffer.Rw + link.ExpectedField, (int)entries);
            Patch(link.OtherwiseField, lookUp);
            return true;
        }

        if (link.Expected == entries)
            return true;

        // Behind the comparison, the return address of a call is pushed.
        Patch(link.JumpField, (int)((byte*)Stubs.FarJump - buffer.Rx));
        return false;
    }

    /// <summary>A thread that is anywhere in the unit takes the jump to the target, which it may still run, or to the request for a link.</summary>
    private void Unlink(int site)
    {
        ref LinkSite link = ref sites[site];
        link.Target = -1;
        link.NextIncoming = -1;
        Patch(link.JumpField, link.Unlinked);
    }

    private void RemoveIncoming(int site)
    {
        ref int head = ref units[sites[site].Target].FirstIncoming;
        while (head != site)
            head = ref sites[head].NextIncoming;
        head = sites[site].NextIncoming;
    }

    private void Patch(int field, int target) =>
        CodePatcher.PatchRel32(buffer.Rw + field, buffer.Rx + field, buffer.Rx + target);

    private void AddSite(int owner, in LinkSite site)
    {
        int index = freeSite;
        if (index >= 0)
        {
            freeSite = sites[index].NextOfOwner;
        }
        else
        {
            index = sites.Add();
        }

        sites[index] = site;
        sites[index].Owner = owner;
        sites[index].NextOfOwner = units[owner].FirstSite;
        units[owner].FirstSite = index;
        // The record that the unlinked jump leaves with names the site.
        *(uint*)(buffer.Rw + site.Record) = (uint)index;
    }

    private int AllocateUnit()
    {
        if (freeUnit < 0)
            return units.Add();

        int index = freeUnit;
        freeUnit = units[index].NextInChunk;
        return index;
    }
}
