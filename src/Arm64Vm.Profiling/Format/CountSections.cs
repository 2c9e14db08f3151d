namespace Arm64Vm.Profiling;

/// <summary>What was counted by place.</summary>
internal static class CountSections
{
    public static void WriteExit(PayloadWriter writer, ProfileExit exit)
    {
        writer.Text(exit.Reason);
        writer.Unsigned(exit.Site);
        writer.Unsigned(exit.ExceptionLevel);
        writer.Signed(exit.Process);
        writer.Signed(exit.Symbol);
        writer.Signed(exit.Count);
        writer.Signed(exit.Time);
    }

    public static ProfileExit ReadExit(ref PayloadReader reader, Profile profile) => new(
        reader.Text(), reader.Unsigned(), reader.Byte(), reader.Index(profile.Processes.Count), reader.Index(profile.Symbols.Count), reader.Signed(), reader.Signed());

    public static void WriteMiss(PayloadWriter writer, ProfileMiss miss)
    {
        writer.Unsigned((ulong)miss.Kind);
        writer.Unsigned(miss.Page);
        writer.Unsigned(miss.Site);
        writer.Unsigned(miss.ExceptionLevel);
        writer.Signed(miss.Process);
        writer.Signed(miss.Symbol);
        writer.Signed(miss.Count);
    }

    public static ProfileMiss ReadMiss(ref PayloadReader reader, Profile profile) => new(
        reader.Unsigned() is <= (ulong)MissKind.Fetch and var kind ? (MissKind)kind : throw PayloadReader.Damaged(),
        reader.Unsigned(), reader.Unsigned(), reader.Byte(), reader.Index(profile.Processes.Count), reader.Index(profile.Symbols.Count), reader.Signed());

    public static void WriteInvalidation(PayloadWriter writer, ProfileInvalidation one)
    {
        writer.Unsigned((ulong)one.Cause);
        writer.Unsigned(one.Page);
        writer.Unsigned(one.Site);
        writer.Signed(one.Symbol);
        writer.Signed(one.Count);
        writer.Signed(one.Blocks);
    }

    public static ProfileInvalidation ReadInvalidation(ref PayloadReader reader, Profile profile) => new(
        reader.Unsigned() is <= (ulong)RemovalCause.TablesFull and var cause ? (RemovalCause)cause : throw PayloadReader.Damaged(),
        reader.Unsigned(), reader.Unsigned(), reader.Index(profile.Symbols.Count), reader.Signed(), reader.Signed());

    public static void WriteRetranslation(PayloadWriter writer, ProfileRetranslation one)
    {
        writer.Unsigned(one.PhysicalAddress);
        writer.Unsigned(one.VirtualAddress);
        writer.Unsigned(one.Mode);
        writer.Signed(one.Symbol);
        writer.Signed(one.Count);
        writer.Signed(one.Time);
    }

    public static ProfileRetranslation ReadRetranslation(ref PayloadReader reader, Profile profile) => new(
        reader.Unsigned(), reader.Unsigned(), (uint)reader.Unsigned(), reader.Index(profile.Symbols.Count), reader.Signed(), reader.Signed());
}
