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

    /// <summary>Distances between hot and cold code (<see cref="Backend.X64.Emit.X64Emitter.Crossings"/>).</summary>
    public readonly ReadOnlySpan<int> Crossings;

    public RecordedUnit(in ProfiledBlock block, ReadOnlySpan<byte> guestCode, ReadOnlySpan<uint> map, ReadOnlySpan<int> crossings)
    {
        Block = ref block;
        GuestCode = guestCode;
        Map = map;
        Crossings = crossings;
    }

    public bool IsEmpty => GuestCode.IsEmpty;
}
