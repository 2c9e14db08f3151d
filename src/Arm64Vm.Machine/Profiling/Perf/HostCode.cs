using Arm64Vm.Profiling;
using Arm64Vm.Translation.Profiling;

namespace Arm64Vm.Machine.Profiling;

/// <summary>A unit's host code as the host's own profiler wants to know it.</summary>
/// <param name="Name">The guest's function and the offset in it, or the address.</param>
/// <param name="Address">Where it was in this process.</param>
/// <param name="Code">Its bytes as they were last, links included.</param>
/// <param name="MadeAt">Nanoseconds of CLOCK_MONOTONIC, when making it began: nothing of it ran before.</param>
internal readonly record struct HostCode(string Name, ulong Address, byte[] Code, long MadeAt)
{
    /// <summary>The units of a recording that has ended, in the order in which they were made.</summary>
    /// <param name="profile">What was made of the recording: its blocks have the registry's numbers.</param>
    /// <param name="registry">Where the units' code is.</param>
    public static List<HostCode> Of(Profile profile, BlockRegistry registry)
    {
        List<HostCode> all = new(registry.Count);
        for (var i = 0; i < registry.Count; i++)
        {
            ref readonly var block = ref registry.BlockAt(i);
            var symbol = profile.Blocks[i].Symbol;
            var name = symbol < 0 ? $"guest {block.VirtualAddress:x}" : NameOf(profile.Symbols[symbol], block.VirtualAddress);
            var code = block.PlacedCode.ToArray();
            var hot = block.Distance == 0 ? code.Length : block.HotSize;
            var madeAt = HostTime.Nanoseconds(block.MadeAt);
            all.Add(new HostCode(name, registry.CodeBase + (ulong)block.CodeOffset, code[..hot], madeAt));

            // Slow paths that are apart have the name that compilers give such parts of functions.
            if (hot < code.Length)
                all.Add(new HostCode(name + ".cold", registry.CodeBase + (ulong)block.ColdOffset, code[hot..], madeAt));
        }

        all.Sort((a, b) => a.MadeAt.CompareTo(b.MadeAt));
        return all;
    }

    private static string NameOf(in ProfileSymbol symbol, ulong address) => address == symbol.Address ? symbol.Name : $"{symbol.Name}+{address - symbol.Address:x}";
}
