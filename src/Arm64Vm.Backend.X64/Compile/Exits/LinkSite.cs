namespace Arm64Vm.Backend.X64.Compile;

/// <summary>A direct jump that leaves a unit for another one: what to patch when its target is translated, and how to undo it.</summary>
/// <remarks>Offsets are from the start of the code buffer. What a jump to another page looks like is drawn at X64Compiler.EmitFarJump.</remarks>
internal struct LinkSite
{
    /// <summary>A constant that the low half of no page's entries equals: those are on multiples of 4096.</summary>
    public const int MatchesNothing = 1;

    /// <summary>Offset of the target in its page: 0–4092.</summary>
    public ushort TargetOffset;

    /// <summary>The target is on another page, which may be another physical one the next time: the link holds where the fetch-side TLB says <see cref="Expected"/>.</summary>
    public bool IsFar;

    /// <summary>Far: the jump is a call.</summary>
    public bool IsCall;

    /// <summary>Offset of the rel32 that reaches the target.</summary>
    public int JumpField;

    /// <summary>Far: offset of the constant that the entries of the target's page are compared with.</summary>
    public int ExpectedField;

    /// <summary>Far: low half of the address of those entries once the site has been linked, and for good, since a thread may be between comparison and jump; before, 0.</summary>
    public uint Expected;

    /// <summary>Far: offset of the rel32 that is taken where the comparison fails. It asks for a link before the first one, and looks the target up afterwards.</summary>
    public int OtherwiseField;

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

    /// <summary>The site where its code is <paramref name="distance"/> bytes further on, unlinked and without an owner.</summary>
    public readonly LinkSite MovedBy(int distance) => this with
    {
        JumpField = JumpField + distance,
        ExpectedField = ExpectedField + distance,
        Expected = 0,
        OtherwiseField = OtherwiseField + distance,
        Unlinked = Unlinked + distance,
        Owner = -1,
        Target = -1,
        NextIncoming = -1,
        NextOfOwner = -1,
    };

    /// <summary>The site where code from <paramref name="cold"/> on is <paramref name="distance"/> bytes further on.</summary>
    public readonly LinkSite WithColdMovedBy(int cold, int distance) => this with
    {
        JumpField = Moved(JumpField, cold, distance),
        ExpectedField = Moved(ExpectedField, cold, distance),
        OtherwiseField = Moved(OtherwiseField, cold, distance),
        Unlinked = Moved(Unlinked, cold, distance),
    };

    private static int Moved(int place, int cold, int distance) => place < cold ? place : place + distance;

    /// <summary>Offset of the four bytes with the site's number that the code at <see cref="Unlinked"/> leaves with, behind a call of five bytes.</summary>
    public readonly int Record => Unlinked + 5;
}
