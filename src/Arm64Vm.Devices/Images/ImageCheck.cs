namespace Arm64Vm.Devices.Images;

/// <summary>What a check of an image found.</summary>
internal sealed record ImageCheck
{
    /// <summary>Wrong in a way that may lose data: a cluster with too low a reference count, an entry that points nowhere, and so on.</summary>
    public int Errors { get; init; }

    /// <summary>Of the errors, those that no repair mends.</summary>
    public int Fatal { get; init; }

    /// <summary>Clusters that count as taken and are not used: room that is lost, nothing worse.</summary>
    public long Leaks { get; init; }

    /// <summary>The image is marked as not closed.</summary>
    public bool IsDirty { get; init; }

    /// <summary>The image is marked as damaged.</summary>
    public bool IsMarkedCorrupt { get; init; }

    /// <summary>The first of what was found, a line each.</summary>
    public IReadOnlyList<string> Messages { get; init; } = [];

    /// <summary>Clusters of the disk.</summary>
    public long Clusters { get; init; }

    /// <summary>Of them, those that have a place in the file.</summary>
    public long AllocatedClusters { get; init; }

    /// <summary>Of them, those that are compressed.</summary>
    public long CompressedClusters { get; init; }

    /// <summary>True where nothing at all was found.</summary>
    public bool IsClean => Errors == 0 && Leaks == 0 && !IsDirty && !IsMarkedCorrupt;
}
