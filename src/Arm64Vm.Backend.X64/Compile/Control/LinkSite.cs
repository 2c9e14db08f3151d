namespace Arm64Vm.Backend.X64.Compile;

/// <summary>A direct jump that leaves a unit for another one on the same page: what to patch when its target is translated, and how to undo it.</summary>
/// <remarks>Offsets are from the start of the code buffer.</remarks>
internal struct LinkSite
{
    /// <summary>Target minus the page of the jump, in bytes: 0–4092.</summary>
    public int TargetDelta;

    /// <summary>Offset of the 4-byte aligned rel32 that reaches the target.</summary>
    public int JumpField;

    /// <summary>Offset of the code that asks for a link: where <see cref="JumpField"/> points while unlinked.</summary>
    public int Unlinked;

    /// <summary>Unit that owns the site.</summary>
    public int Owner;

    /// <summary>Unit it is linked to, or −1.</summary>
    public int Target;

    /// <summary>Next site linked to the same target, or −1.</summary>
    public int NextIncoming;

    /// <summary>Next site of the same owner, or −1.</summary>
    public int NextOfOwner;

    /// <summary>Offset of the four bytes with the site's number that the code at <see cref="Unlinked"/> leaves with, behind a call of five bytes.</summary>
    public readonly int Record => Unlinked + 5;
}
