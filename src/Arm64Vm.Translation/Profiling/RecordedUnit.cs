namespace Arm64Vm.Translation.Profiling;

/// <summary>A unit that is about to become reachable, as a recording keeps it.</summary>
internal readonly ref struct RecordedUnit
{
    /// <summary>All of it but what is copied.</summary>
    public readonly ref readonly ProfiledBlock Block;

    /// <summary>The bytes that it was made from.</summary>
    public readonly ReadOnlySpan<byte> GuestCode;

    /// <summary>Where host code of its instructions is (<see cref="Backend.X64.Profiling.HostMap"/>).</summary>
    public readonly ReadOnlySpan<uint> Map;

    public RecordedUnit(in ProfiledBlock block, ReadOnlySpan<byte> guestCode, ReadOnlySpan<uint> map)
    {
        Block = ref block;
        GuestCode = guestCode;
        Map = map;
    }

    public bool IsEmpty => GuestCode.IsEmpty;
}
