using System.Globalization;
using System.Text.RegularExpressions;

namespace Arm64Vm.Translation.Tests.Golden;

/// <summary>The input part of a golden file: what is compiled, and for which mode.</summary>
internal sealed partial record GoldenSnippet(string Title, int ExceptionLevel, bool HasLoadWindow, bool HasUpperVectors, int Start, uint[] Words)
{
    /// <summary>Offset just behind the last word.</summary>
    public int End => Start + (Words.Length * 4);

    public TranslationMode Mode => HasLoadWindow ? PlainMode.WithLoadWindow() : PlainMode;

    private TranslationMode PlainMode => TranslationMode.Create(
        ExceptionLevel, mmuIndex: ExceptionLevel, alignmentChecked: false, floatTrapped: false, singleStep: false, fpcr: 0);

    public static GoldenSnippet Parse(string[] lines)
    {
        List<Match> words = [.. lines.SkipWhile(line => line != "guest").Skip(1).TakeWhile(line => line.Length > 0).Select(line => Word().Match(line))];
        int start = Hex(words[0].Groups[1].Value);
        return new GoldenSnippet(
            lines[0],
            lines.Contains("mode el1") ? 1 : 0,
            lines.Contains("loads through a window"),
            lines.Contains("a host with AVX-512"),
            start,
            [.. words.Select(word => (uint)Hex(word.Groups[2].Value))]);
    }

    private static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^  \+([0-9a-f]{3})  ([0-9a-f]{8})")]
    private static partial Regex Word();
}
