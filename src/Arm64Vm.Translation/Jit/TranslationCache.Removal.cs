using Arm64Vm.Translation.Profiling;

namespace Arm64Vm.Translation.Jit;

/// <summary>Removing units whose bytes changed, and tables that nobody needs.</summary>
internal sealed unsafe partial class TranslationCache
{
    private readonly List<(nint Table, ulong Epoch)> retired = [];
    private readonly List<nint> emptyTables = [];

    /// <summary>Removes units that depend on any byte of [physicalAddress, physicalAddress + length). Any thread; the bytes have been changed before.</summary>
    public void Invalidate(ulong physicalAddress, ulong length)
    {
        if (length == 0)
            return;
        ulong last = physicalAddress + length - 1;
        for (ulong page = physicalAddress & ~0xFFFUL; ; page += 0x1000)
        {
            CodePage* found = pages.Find(page);
            if (found != null)
            {
                int start = page < physicalAddress ? (int)(physicalAddress - page) : 0;
                int end = last - page < 0x1000 ? (int)(last - page) + 1 : 0x1000;
                InvalidateInPage(found, start, end);
            }

            if (page == (last & ~0xFFFUL))
                break;
        }
    }

    private void InvalidateInPage(CodePage* page, int start, int end)
    {
        lock (gate)
        {
            if (page->Watch == WatchState.None)
                return;
            page->Version++;
            int removed = 0;
            int kept = -1;
            for (int i = page->FirstUnit; i >= 0;)
            {
                ref TranslationUnit unit = ref units[i];
                int next = unit.NextInPage;
                if (unit.DependencyStart < end && unit.DependencyEnd > start)
                {
                    Remove(i, CacheLoss.Write);
                    removed++;
                }
                else
                {
                    unit.NextInPage = kept;
                    kept = i;
                }

                i = next;
            }

            page->FirstUnit = kept;
            if (kept < 0)
                page->Watch = WatchState.None;
            Statistics.Invalidated += removed;
            if (removed != 0)
            {
                registry?.CountLoss(CacheLoss.Write, page->PhysicalPage, removed);
                FinishRemoval();
            }
        }
    }

    /// <summary>Removes everything.</summary>
    public void Clear()
    {
        lock (gate)
        {
            RemoveAll(CacheLoss.Flush);
        }
    }

    private void RemoveAll(CacheLoss loss)
    {
        int removed = 0;
        for (int i = 0; i < units.Count; i++)
        {
            if (!units[i].IsLive)
                continue;
            UnlinkFromPage(i);
            Remove(i, loss);
            removed++;
        }

        registry?.CountLoss(loss, 0, removed);
        Statistics.Flushes++;
        FinishRemoval();
    }

    private void UnlinkFromPage(int unit)
    {
        CodePage* page = ((CodeTable*)units[unit].Table)->Page;
        ref int link = ref page->FirstUnit;
        while (link != unit)
            link = ref units[link].NextInPage;
        link = units[unit].NextInPage;
        if (page->FirstUnit < 0)
        {
            page->Version++;
            page->Watch = WatchState.None;
        }
    }

    /// <summary>Makes a unit unreachable that is in no page list any more. Its code stays, since it may be running: its jumps ask again.</summary>
    private void Remove(int index, CacheLoss loss)
    {
        ref TranslationUnit unit = ref units[index];
        unit.IsLive = false;
        Statistics.LiveUnits--;
        Statistics.LiveBytes -= unit.CodeSize;
        ChunkOf(unit).LiveBytes -= unit.CodeSize;
        registry?.Remove(unit.Recorded, unit.CodeSize, loss);
        for (int s = unit.FirstIncoming; s >= 0;)
        {
            int next = sites[s].NextIncoming;
            Unlink(s);
            s = next;
        }

        unit.FirstIncoming = -1;
        for (int s = unit.FirstSite; s >= 0; s = sites[s].NextOfOwner)
        {
            if (sites[s].Target < 0)
                continue;
            RemoveIncoming(s);
            Unlink(s);
        }

        CodeTable* table = (CodeTable*)unit.Table;
        int slot = (int)(unit.PhysicalAddress & 0xFFF) >> 2;
        Volatile.Write(ref table->Entries[slot], 0);
        for (uint type = 1; type < Ir.FetchTlb.Types; type++)
        {
            if (table->Typed(type) != null)
                Volatile.Write(ref table->Typed(type)[slot], MissOf(type));
        }

        if (--table->Units == 0)
            pages.EmptyTables++;
    }

    /// <summary>What was removed is unreachable: vCPUs that may still hold it are sent to their next unit boundary.</summary>
    private void FinishRemoval()
    {
        Interlocked.Increment(ref epoch);
        foreach (CacheMember member in members)
            member.Interrupt();
    }

    /// <summary>The oldest epoch that a vCPU may hold something of; all ones where none holds anything.</summary>
    private ulong OldestHeld()
    {
        ulong oldest = ulong.MaxValue;
        foreach (CacheMember member in members)
            oldest = Math.Min(oldest, member.Announced);
        return oldest;
    }

    /// <summary>Retires the tables without units; where there are few such, all units are removed before. False: not before vCPUs have come to a unit boundary.</summary>
    private bool TryMakeRoomForTables()
    {
        if (!TryReleaseRetired())
            return false;
        if (pages.IsFull ? pages.HasTables : pages.IsCrowded)
        {
            if (pages.IsFull || pages.EmptyTables < CodePages.MaximumTables / 8)
                RemoveAll(CacheLoss.TablesFull);
            RetireTables();
            if (!TryReleaseRetired())
                return false;
        }

        if (pages.IsFull)
            pages.ForgetPages();
        return true;
    }

    /// <summary>Takes all tables without units out of use; they are free when no vCPU can hold them.</summary>
    private void RetireTables()
    {
        emptyTables.Clear();
        pages.CollectEmpty(emptyTables);
        foreach (nint table in emptyTables)
        {
            pages.Retire((CodeTable*)table);
            retired.Add((table, epoch + 1));
        }

        emptyTables.Clear();
        Interlocked.Increment(ref tableEpoch);
        FinishRemoval();
    }

    /// <summary>As <see cref="RetireTables"/>, where that frees enough to be worth emptying the fetch-side TLBs.</summary>
    private void RetireEmptyTables()
    {
        if (retired.Count == 0 && pages.EmptyTables * (long)CodeTable.SizeInBytes > limit / (4 * Part))
            RetireTables();
    }

    /// <summary>Frees the memory of retired tables. False: vCPUs may still hold some.</summary>
    private bool TryReleaseRetired()
    {
        if (retired.Count == 0)
            return true;
        if (OldestHeld() < retired[^1].Epoch)
            return false;
        foreach ((nint table, _) in retired)
            pages.Release((CodeTable*)table);
        retired.Clear();
        return true;
    }
}
