using Arm64Vm.Backend.Il;
using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Il;

/// <summary>The units of one executor by physical address and mode, bounded; all calls under the executor's lock.</summary>
internal sealed class TieredStore(IlJumpCache jumps)
{
    /// <summary>IR instructions kept: 24 bytes each.</summary>
    private const long Capacity = 2_000_000;

    private readonly Dictionary<(ulong, TranslationMode), TieredUnit> index = [];
    private readonly Dictionary<ulong, Page> pages = [];
    private long size;

    private sealed class Page
    {
        public List<TieredUnit> Units { get; } = [];

        /// <summary>Moves with every change of the page's bytes.</summary>
        public uint Generation { get; set; }

        /// <summary>A unit is being made.</summary>
        public bool IsReserved { get; set; }
    }

    public int Count => index.Count;

    public bool HasCode(ulong physicalPage) => pages.ContainsKey(physicalPage & ~0xFFFUL);

    public TieredUnit? Find(ulong physicalAddress, TranslationMode mode) => index.GetValueOrDefault((physicalAddress, mode));

    /// <summary>Any unit at a physical address, or null.</summary>
    public TieredUnit? FindAny(ulong physicalAddress) =>
        pages.GetValueOrDefault(physicalAddress & ~0xFFFUL)?.Units.Find(unit => unit.PhysicalAddress == physicalAddress);

    /// <summary>Counts a page among those with code, because a unit is about to be made; true where it was none, and writes to it must be watched from now on.</summary>
    public bool Reserve(ulong physicalPage)
    {
        if (size > Capacity)
            Clear();
        bool isNew = !pages.TryGetValue(physicalPage, out Page? page);
        page ??= pages[physicalPage] = new Page();
        page.IsReserved = true;
        return isNew;
    }

    /// <summary>Names the state of a reserved page's bytes.</summary>
    public uint GenerationOf(ulong physicalPage) => pages[physicalPage].Generation;

    /// <summary>Enters a unit made from a reserved page, unless its bytes have changed since.</summary>
    public bool TryAdd(TieredUnit unit, uint generation)
    {
        Page page = pages[unit.Page];
        if (page.Generation != generation)
            return false;
        size += unit.Instructions.Length;
        index[(unit.PhysicalAddress, unit.Mode)] = unit;
        page.Units.Add(unit);
        page.IsReserved = false;
        return true;
    }

    /// <summary>Removes units made from any byte of [physicalAddress, physicalAddress + length); returns how many.</summary>
    public int Invalidate(ulong physicalAddress, ulong length)
    {
        if (length == 0)
            return 0;
        int removed = 0;
        ulong last = physicalAddress + (length - 1);
        for (ulong page = physicalAddress & ~0xFFFUL; ; page += 0x1000)
        {
            if (pages.TryGetValue(page, out Page? found))
            {
                found.Generation++;
                removed += found.Units.RemoveAll(unit => page + (ulong)unit.Start <= last && page + (ulong)unit.End > physicalAddress && Remove(unit));
                if (found.Units.Count == 0 && !found.IsReserved)
                    pages.Remove(page);
            }

            if (page == (last & ~0xFFFUL))
                return removed;
        }
    }

    /// <summary>Drops everything. Not while a unit is being made.</summary>
    public void Clear()
    {
        foreach (TieredUnit unit in index.Values)
            Detach(unit);
        index.Clear();
        pages.Clear();
        jumps.Clear();
        size = 0;
    }

    /// <summary>Makes a direct jump go straight to a unit.</summary>
    public void Link(TieredUnit owner, int jump, TieredUnit target, ulong guard)
    {
        if (owner.IsRemoved || target.IsRemoved || jump >= owner.Targets.Length)
            return;
        bool crosses = (uint)owner.Jumps[jump] >= 4096;
        if (!crosses && target.Page != owner.Page)
            return;
        owner.Guards[jump] = guard;
        if (owner.Targets[jump] == target)
            return;
        Unlink(owner, jump);
        owner.Targets[jump] = target;
        target.Incoming.Add((owner, jump));
    }

    private static void Unlink(TieredUnit owner, int jump)
    {
        if (owner.Targets[jump] is TieredUnit old)
            old.Incoming.Remove((owner, jump));
        owner.Targets[jump] = null;
    }

    private static void UnlinkAll(TieredUnit owner)
    {
        for (int jump = 0; jump < owner.Targets.Length; jump++)
            Unlink(owner, jump);
    }

    /// <summary>Context tags start over: guards of jumps between pages have lost their meaning.</summary>
    public void UnlinkAcrossPages()
    {
        foreach (TieredUnit unit in index.Values)
        {
            Array.Fill(unit.Guards, GuestContext.InvalidTag);
            if (unit.CarefulForm is { } careful)
                Array.Fill(careful.Guards, GuestContext.InvalidTag);
        }

        jumps.Clear();
    }

    private bool Remove(TieredUnit unit)
    {
        index.Remove((unit.PhysicalAddress, unit.Mode));
        size -= unit.Instructions.Length;
        foreach ((TieredUnit owner, int jump) in unit.Incoming)
        {
            if (owner.Targets[jump] == unit)
                owner.Targets[jump] = null;
        }

        UnlinkAll(unit);
        if (unit.CarefulForm is TieredUnit careful)
            UnlinkAll(careful);
        foreach (int slot in unit.JumpSlots)
            jumps.Remove(slot, unit);
        Detach(unit);
        return true;
    }

    /// <summary>The unit may be running: its loops leave, and its jumps must ask again.</summary>
    private static void Detach(TieredUnit unit)
    {
        unit.Stale = 1;
        Array.Clear(unit.Targets);
        if (unit.CarefulForm is TieredUnit careful)
            Detach(careful);
    }
}
