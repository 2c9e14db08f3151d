namespace Arm64Vm.Profiling;

/// <summary>Times that emitted code was left for a reason at a site.</summary>
/// <param name="Reason">As the product calls it.</param>
/// <param name="Site">Virtual address of the guest instruction; 0: not known.</param>
/// <param name="ExceptionLevel">0 or 1.</param>
/// <param name="Process">Index of the process, or −1.</param>
/// <param name="Symbol">Index of the site's symbol, or −1.</param>
/// <param name="Count">How often.</param>
/// <param name="Time">Nanoseconds outside until the guest went on; 0 where that was not measured.</param>
internal readonly record struct ProfileExit(string Reason, ulong Site, byte ExceptionLevel, int Process, int Symbol, long Count, long Time);

/// <summary>Kinds of <see cref="ProfileMiss"/>.</summary>
internal enum MissKind
{
    Read,
    Write,

    /// <summary>An instruction fetch.</summary>
    Fetch,
}

/// <summary>Times that a page was not in the inline TLB.</summary>
/// <param name="Kind">What was wanted.</param>
/// <param name="Page">Virtual address of the page.</param>
/// <param name="Site">Virtual address of the guest instruction.</param>
/// <param name="ExceptionLevel">0 or 1.</param>
/// <param name="Process">Index of the process, or −1.</param>
/// <param name="Symbol">Index of the site's symbol, or −1.</param>
/// <param name="Count">How often.</param>
internal readonly record struct ProfileMiss(MissKind Kind, ulong Page, ulong Site, byte ExceptionLevel, int Process, int Symbol, long Count);

/// <summary>Translations that a page lost.</summary>
/// <param name="Cause">Why.</param>
/// <param name="Page">Physical address of the page.</param>
/// <param name="Site">Virtual address of the guest instruction that did it; 0: none, or not known.</param>
/// <param name="Symbol">Index of the site's symbol, or −1.</param>
/// <param name="Count">How often.</param>
/// <param name="Blocks">Units removed.</param>
internal readonly record struct ProfileInvalidation(RemovalCause Cause, ulong Page, ulong Site, int Symbol, long Count, long Blocks);

/// <summary>Code that was translated again although its bytes had not changed.</summary>
/// <param name="PhysicalAddress">Of the first instruction.</param>
/// <param name="VirtualAddress">Where it ran last.</param>
/// <param name="Mode">The processor's mode, as bits of the translator.</param>
/// <param name="Symbol">Index of its symbol, or −1.</param>
/// <param name="Count">Translations beyond the first.</param>
/// <param name="Time">Nanoseconds that these took.</param>
internal readonly record struct ProfileRetranslation(ulong PhysicalAddress, ulong VirtualAddress, uint Mode, int Symbol, long Count, long Time);
