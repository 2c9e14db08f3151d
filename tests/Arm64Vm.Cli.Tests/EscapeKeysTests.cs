using System.Text;
using Arm64Vm.Cli.Terminal;

namespace Arm64Vm.Cli.Tests;

public class EscapeKeysTests
{
    [Theory]
    [InlineData("abc", "abc", EscapeCommand.None)]
    [InlineData("ab\u0001xcd", "ab", EscapeCommand.Quit)]
    [InlineData("\u0001h", "", EscapeCommand.Help)]
    [InlineData("a\u0001\u0001b", "a\u0001b", EscapeCommand.None)]
    [InlineData("a\u0001ab", "a\u0001b", EscapeCommand.None)]
    [InlineData("a\u0001qb", "a", EscapeCommand.Unknown)]
    [InlineData("\u0001p", "", EscapeCommand.PauseOrContinue)]
    [InlineData("\u0001S", "", EscapeCommand.Statistics)]
    [InlineData("\u0001l", "", EscapeCommand.SaveLog)]
    [InlineData("\u0001b", "", EscapeCommand.PowerButton)]
    [InlineData("\u0001r", "", EscapeCommand.Reset)]
    [InlineData("\u0001z", "", EscapeCommand.Suspend)]
    [InlineData("\u0003", "\u0003", EscapeCommand.None)]
    internal void TakesSequencesOut(string typed, string forGuest, EscapeCommand expected)
    {
        var bytes = Encoding.Latin1.GetBytes(typed);
        Assert.Equal(expected, new EscapeKeys(EscapeKey.Default).Filter(bytes, out _, out var count));
        Assert.Equal(forGuest, Encoding.Latin1.GetString(bytes, 0, count));
    }

    [Fact]
    public void ASequenceCanComeInTwoPieces()
    {
        var keys = new EscapeKeys(EscapeKey.Default);
        Assert.Equal(EscapeCommand.None, keys.Filter([1], out _, out var count));
        Assert.Equal(0, count);
        Assert.Equal(EscapeCommand.Quit, keys.Filter([(byte)'x'], out _, out _));
    }

    [Fact]
    public void AnotherKeyLeavesCtrlAToTheGuest()
    {
        byte[] bytes = [1, 0x1D, (byte)'a', 0x1D, (byte)'x'];
        Assert.Equal(EscapeCommand.Quit, new EscapeKeys(0x1D).Filter(bytes, out var consumed, out var count));
        Assert.Equal((5, 2), (consumed, count));
        Assert.Equal([1, 0x1D], bytes[..2]);
    }

    [Theory]
    [InlineData("ctrl-a", 1)]
    [InlineData("Ctrl-T", 20)]
    [InlineData("C-b", 2)]
    [InlineData("^]", 29)]
    [InlineData("none", null)]
    public void KeysHaveNames(string text, int? key) => Assert.Equal((byte?)key, EscapeKey.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("^")]
    [InlineData("^m")]
    [InlineData("^ab")]
    [InlineData("ctrl-1")]
    public void OtherNamesAreRefused(string text) => Assert.Equal(ExitStatus.Usage, Assert.Throws<CliException>(() => EscapeKey.Parse(text)).Status);
}
