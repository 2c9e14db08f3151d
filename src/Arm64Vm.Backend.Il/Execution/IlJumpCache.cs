using System.Runtime.CompilerServices;

namespace Arm64Vm.Backend.Il;

/// <summary>Units by virtual address and context: a direct-mapped table that every indirect jump asks.</summary>
/// <remarks>
/// The thread that runs the vCPU reads without a lock; entries change under the executor's lock. A reader that sees an address without its unit
/// takes it for a miss.
/// </remarks>
internal sealed class IlJumpCache
{
    private const int Entries = 1 << 14;

    /// <summary>Branches of different types (PSTATE.BTYPE) have slots of their own, so that a target found suits the type.</summary>
    private const int TypeStride = Entries / 4;

    private readonly Entry[] entries = new Entry[Entries];

    private struct Entry
    {
        public ulong Address;
        public ulong Context;
        public IlUnit? Unit;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int SlotOf(ulong address, uint type) => (int)(((uint)(address >> 2) + (type * TypeStride)) & (Entries - 1));

    /// <summary>Looks up a branch target of a branch of some type under the context's tag.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public IlUnit? Find(ulong address, uint type, ulong contextTag)
    {
        ref Entry entry = ref entries[SlotOf(address, type)];
        return entry.Address == address && entry.Context == contextTag ? entry.Unit : null;
    }

    /// <summary>Enters a unit; returns its slot, for <see cref="Remove"/>.</summary>
    public int Add(ulong address, uint type, ulong contextTag, IlUnit unit)
    {
        int slot = SlotOf(address, type);
        ref Entry entry = ref entries[slot];
        entry.Unit = null;
        entry.Address = address;
        entry.Context = contextTag;
        entry.Unit = unit;
        return slot;
    }

    /// <summary>Drops a unit from a slot, where it is still there.</summary>
    public void Remove(int slot, IlUnit unit)
    {
        ref Entry entry = ref entries[slot];
        if (entry.Unit == unit)
            entry = default;
    }

    public void Clear() => Array.Clear(entries);
}
