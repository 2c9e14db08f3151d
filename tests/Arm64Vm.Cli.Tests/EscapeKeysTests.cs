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
    [InlineData("a\u0001zb", "ab", EscapeCommand.None)]
    [InlineData("\u0003", "\u0003", EscapeCommand.None)]
    internal void TakesSequencesOut(string typed, string forGuest, EscapeCommand expected)
    {
        var bytes = Encoding.Latin1.GetBytes(typed);
        Assert.Equal(expected, new EscapeKeys().Filter(bytes, out _, out var count));
        Assert.Equal(forGuest, Encoding.Latin1.GetString(bytes, 0, count));
    }

    [Fact]
    public void ASequenceCanComeInTwoPieces()
    {
        var keys = new EscapeKeys();
        Assert.Equal(EscapeCommand.None, keys.Filter([1], out _, out var count));
        Assert.Equal(0, count);
        Assert.Equal(EscapeCommand.Quit, keys.Filter([(byte)'x'], out _, out _));
    }
}
