using System.Collections;
using System.Text;

namespace Arm64Vm.Machine.Profiling;

/// <summary>
/// A map of emitted code for <c>perf</c> (Linux, tools/perf/Documentation/jit-interface.txt): a line for each unit, its start and size in hexadecimal digits and its name. The
/// file has no times: where code took the place of other code, the map has what was there last.
/// </summary>
internal static class PerfMapFile
{
    private const int Granule = 16;

    /// <summary>Where <c>perf</c> looks for a process's map.</summary>
    public static string PathOf(int process) => $"/tmp/perf-{process}.map";

    /// <exception cref="IOException">The stream cannot be written.</exception>
    public static void Write(IReadOnlyList<HostCode> code, Stream output)
    {
        if (code.Count == 0)
            return;
        ulong first = code.Min(one => one.Address), last = code.Max(one => one.Address + (ulong)one.Code.Length);
        var taken = new BitArray((int)((last - first) / Granule) + 1);
        List<HostCode> kept = [];
        for (var i = code.Count - 1; i >= 0; i--)
        {
            if (Take(taken, code[i].Address - first, code[i].Code.Length))
                kept.Add(code[i]);
        }

        using var text = new StreamWriter(output, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        foreach (var one in kept.OrderBy(one => one.Address))
            text.WriteLine($"{one.Address:x} {one.Code.Length:x} {one.Name}");
    }

    /// <summary>True where nothing newer has a part of the place; it is the unit's then.</summary>
    private static bool Take(BitArray taken, ulong offset, int size)
    {
        int first = (int)(offset / Granule), last = (int)((offset + (ulong)Math.Max(1, size) - 1) / Granule);
        for (var i = first; i <= last; i++)
        {
            if (taken[i])
                return false;
        }

        for (var i = first; i <= last; i++)
            taken[i] = true;
        return true;
    }
}
