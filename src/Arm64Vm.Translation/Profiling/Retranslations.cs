using System.Runtime.InteropServices;

namespace Arm64Vm.Translation.Profiling;

/// <summary>Addresses and modes that were translated again from the same bytes, found at a recording's end.</summary>
internal sealed class Retranslations
{
    /// <summary>An address and mode, as the last unit made of it had them, how often it was made again, and ticks that this took.</summary>
    public readonly record struct Unit(ulong PhysicalAddress, ulong VirtualAddress, uint Mode, long Count, long Time);

    public List<Unit> Units { get; } = [];

    /// <summary>Units made again, by why the cache had lost the one before (<see cref="CacheLoss"/>).</summary>
    public long[] After { get; } = new long[(int)CacheLoss.TablesFull + 1];

    public static Retranslations Of(BlockRegistry registry)
    {
        var all = new Retranslations();
        Dictionary<(ulong Physical, uint Mode), (int Last, long Count, long Time)> made = [];
        for (int i = 0; i < registry.Count; i++)
        {
            ref readonly ProfiledBlock block = ref registry.BlockAt(i);
            ref (int Last, long Count, long Time) known = ref CollectionsMarshal.GetValueRefOrAddDefault(made, (block.PhysicalAddress, block.Mode.Bits), out bool exists);
            if (exists)
            {
                ref readonly ProfiledBlock last = ref registry.BlockAt(known.Last);
                if (last.GuestCode.SequenceEqual(block.GuestCode))
                {
                    known.Count++;
                    known.Time += block.MakingTime;
                    all.After[(int)last.Loss]++;
                }
            }

            known.Last = i;
        }

        foreach (var ((physical, mode), (last, count, time)) in made)
        {
            if (count > 0)
                all.Units.Add(new Unit(physical, registry.BlockAt(last).VirtualAddress, mode, count, time));
        }

        return all;
    }
}
