namespace Arm64Vm.Backend.X64.Profiling;

/// <summary>Where the host code of each guest instruction of a unit begins: filled while the unit is compiled, and only when somebody wants it.</summary>
internal sealed class HostMap
{
    private (int Host, int Guest)[] _entries = new (int, int)[64];
    private int _count;

    /// <summary>Offsets in the unit's host code and in the guest's page, ascending by the first.</summary>
    public ReadOnlySpan<(int Host, int Guest)> Entries => _entries.AsSpan(0, _count);

    public void Clear() => _count = 0;

    /// <summary>From a host offset on, code belongs to the guest instruction at an offset in the page.</summary>
    public void Add(int host, int guest)
    {
        if (_count > 0)
        {
            ref (int Host, int Guest) last = ref _entries[_count - 1];
            if (last.Guest == guest)
                return;
            if (last.Host == host)
            {
                last.Guest = guest;
                return;
            }
        }

        if (_count == _entries.Length)
            Array.Resize(ref _entries, _count * 2);
        _entries[_count++] = (host, guest);
    }
}
