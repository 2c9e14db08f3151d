namespace Arm64Vm.Architecture.Tests;

internal static class Expect
{
    /// <summary>Fails with all that was found, not with the first few.</summary>
    public static void None(IEnumerable<string?> found)
    {
        string text = string.Join(Environment.NewLine, found);
        Assert.True(text.Length == 0, text);
    }
}
