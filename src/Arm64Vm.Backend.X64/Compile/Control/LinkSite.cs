namespace Arm64Vm.Backend.X64.Compile;

/// <summary>How a direct jump out of a unit reaches its target once linked.</summary>
public enum LinkKind : byte
{
    /// <summary>Target on the same page: one patched rel32.</summary>
    SamePage,

    /// <summary>Target on another page: a compare of the page's tag guards a patched rel32.</summary>
    CrossPage,
}

/// <summary>A direct jump that leaves a unit: what to patch when its target is translated, and how to undo it.</summary>
/// <remarks>Offsets are from the start of the code buffer.</remarks>
public struct LinkSite
{
    public LinkKind Kind;

    /// <summary>Target minus the page of the jump, in bytes.</summary>
    public int TargetDelta;

    /// <summary>Offset of the 4-byte aligned rel32 that reaches the target.</summary>
    public int JumpField;

    /// <summary>Offset of the code that asks for a link: where <see cref="JumpField"/> points while unlinked.</summary>
    public int Unlinked;

    /// <summary>CrossPage: offset of the 8-byte tag that is compared.</summary>
    public int TagField;

    /// <summary>CrossPage: offset of the rel32 taken when the tag differs.</summary>
    public int MissField;

    /// <summary>CrossPage: offset of the code that looks the target up.</summary>
    public int MissLookup;

    /// <summary>Unit that owns the site.</summary>
    public int Owner;

    /// <summary>Unit it is linked to, or −1.</summary>
    public int Target;

    /// <summary>Next site linked to the same target, or −1.</summary>
    public int NextIncoming;

    /// <summary>Next site of the same owner, or −1.</summary>
    public int NextOfOwner;
}
