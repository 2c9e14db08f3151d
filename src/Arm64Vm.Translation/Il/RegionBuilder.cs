using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Il;

/// <summary>Puts the blocks around a hot one together: those that jumps, calls and side exits reach on its page, and what calls return to, where they have run.</summary>
/// <remarks>Breadth first, so that a loop is in before what follows it. A block that jumps into the middle of another gets a copy of its tail.</remarks>
internal sealed class RegionBuilder(IlOptions options)
{
    private readonly List<TieredUnit> members = [];

    /// <summary>Units whose blocks are in the region, the entry first.</summary>
    public IReadOnlyList<TieredUnit> Members => members;

    /// <summary>Fills <paramref name="region"/>. The store is the caller's for the call.</summary>
    public void Build(TieredStore store, TieredUnit entry, IrRegion region)
    {
        region.Clear();
        members.Clear();
        members.Add(entry);
        for (int n = 0; n < members.Count; n++)
        {
            TieredUnit unit = members[n];
            if (!region.TryAppend(unit.Instructions, unit.Blocks[0]))
            {
                members.RemoveRange(n, members.Count - n);
                return;
            }

            region.GuestInstructions += unit.GuestInstructions;
            if (unit.ChangesProcessor)
                continue;
            foreach (ref readonly IrInst inst in unit.Instructions.AsSpan(1))
            {
                if (IrOps.IsSideExit(inst.Op))
                    Consider(store, entry, new SideExit(inst.Imm).Target, region);
            }

            IrInst last = unit.Instructions[^1];
            if (last.Op is < IrOp.Jump or > IrOp.Call)
                continue;
            Consider(store, entry, (int)last.Imm, region);
            if (last.Op != IrOp.Jump)
                Consider(store, entry, (int)(last.Imm >> 32), region);
        }
    }

    private void Consider(TieredStore store, TieredUnit entry, int target, IrRegion region)
    {
        bool isFull = members.Count >= options.MaxBlocks || region.Count >= options.MaxInstructions;
        if (isFull || (uint)target >= 4096)
            return;
        if (store.Find(entry.Page + (uint)target, entry.Mode) is { } unit && !members.Contains(unit))
            members.Add(unit);
    }
}
