using System.CommandLine.Completions;

namespace Arm64Vm.Cli.Boot;

/// <summary>What can come next in a value that is a list.</summary>
internal static class Completions
{
    /// <summary>The first words, and behind a comma the options with what is there already.</summary>
    /// <param name="context">What has been typed.</param>
    /// <param name="first">Words at the beginning.</param>
    /// <param name="options">Words behind a comma.</param>
    public static IEnumerable<CompletionItem> OfList(CompletionContext context, IEnumerable<string> first, IEnumerable<string> options)
    {
        var word = context.WordToComplete;
        var comma = word.LastIndexOf(',');
        return (comma < 0 ? first : options.Select(option => word[..(comma + 1)] + option)).Select(text => new CompletionItem(text));
    }
}
