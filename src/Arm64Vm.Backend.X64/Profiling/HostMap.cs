namespace Arm64Vm.Backend.X64.Profiling;

/// <summary>Where the host code of each guest instruction of a unit begins: filled while the unit is compiled, and only when somebody wants it.</summary>
/// <remarks>Entries are numbers as they are kept, and are made sense of when they are wanted: few are.</remarks>
internal sealed class HostMap
{
    // Units are of one page, of 1024 instructions, and have far less than a MiB of host code.
    private const int GuestBits = 12;
    private const uint GuestMask = (1 << GuestBits) - 1;

    private uint[] _entries = new uint[256];
    private int _count;

    /// <summary>In the order of their host offsets.</summary>
    public ReadOnlySpan<uint> Entries => _entries.AsSpan(0, _count);

    public void Clear() => _count = 0;

    /// <summary>Room for so many more entries, of which <see cref="Advance"/> takes those that were filled.</summary>
    public Span<uint> Room(int entries)
    {
        if (_entries.Length - _count < entries)
            Array.Resize(ref _entries, Math.Max(_entries.Length * 2, _count + entries));
        return _entries.AsSpan(_count);
    }

    public void Advance(int entries) => _count += entries;

    public void Add(int host, int guest)
    {
        Room(1)[0] = Pack(host, guest);
        _count++;
    }

    /// <summary>From a host offset on, code belongs to the guest instruction at an offset in the page.</summary>
    public static uint Pack(int host, int guest) => ((uint)host << GuestBits) | ((uint)guest >> 2);

    /// <summary>An entry's offsets in the unit's host code and in the guest's page.</summary>
    public static (int Host, int Guest) Unpack(uint entry) => ((int)(entry >> GuestBits), (int)(entry & GuestMask) << 2);

    /// <summary>Offsets in the unit's host code and in the guest's page, ascending by the first: of instructions without code of their own only the last, and none twice in turn.</summary>
    public static (int Host, int Guest)[] Expand(ReadOnlySpan<uint> entries)
    {
        var map = new (int Host, int Guest)[entries.Length];
        int count = 0;
        foreach (uint entry in entries)
        {
            (int host, int guest) = Unpack(entry);
            if (count > 0 && map[count - 1].Guest == guest)
                continue;
            if (count > 0 && map[count - 1].Host == host)
                map[count - 1].Guest = guest;
            else
                map[count++] = (host, guest);
        }

        return map[..count];
    }
}
