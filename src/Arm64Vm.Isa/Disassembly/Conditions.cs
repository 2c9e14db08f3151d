namespace Arm64Vm.Isa.Disassembly;

/// <summary>Condition codes (Arm ARM C1.2.4), with the names that SVE gives them.</summary>
internal static class Conditions
{
    public static string Name(int condition) => condition switch
    {
        0 => "eq",
        1 => "ne",
        2 => "cs",
        3 => "cc",
        4 => "mi",
        5 => "pl",
        6 => "vs",
        7 => "vc",
        8 => "hi",
        9 => "ls",
        10 => "ge",
        11 => "lt",
        12 => "gt",
        13 => "le",
        14 => "al",
        _ => "nv",
    };

    private static string? Synonyms(int condition) => condition switch
    {
        0 => "none",
        1 => "any",
        2 => "hs, nlast",
        3 => "lo, ul, last",
        4 => "first",
        5 => "nfrst",
        8 => "pmore",
        9 => "plast",
        10 => "tcont",
        11 => "tstop",
        _ => null,
    };

    /// <summary>For example <c>// cs = hs, nlast</c>.</summary>
    public static void AppendSynonyms(ref A64TextWriter w, int condition)
    {
        if (Synonyms(condition) is not { } synonyms)
            return;
        w.Append("\t// ");
        w.Append(Name(condition));
        w.Append(" = ");
        w.Append(synonyms);
    }

    /// <summary>For example <c>// b.hs, b.nlast</c>.</summary>
    public static void AppendBranchSynonyms(ref A64TextWriter w, int condition)
    {
        if (Synonyms(condition) is not { } synonyms)
            return;
        w.Append("\t// b.");
        foreach (char c in synonyms)
        {
            w.Append(c);
            if (c == ' ')
                w.Append("b.");
        }
    }
}
