using System.Text.Json;
using Arm64Vm.Profiling;

namespace Arm64Vm.Cli.Profiles;

/// <summary>Physical pages of the guest that code was translated from, for the heat map and its table.</summary>
internal static class PagePages
{
    private const int PageShift = 12;

    /// <summary>A physical address as a number that JavaScript has exactly; there are 52 bits of them at most.</summary>
    public static long Number(ulong address) => (long)(address & ((1UL << 52) - 1));

    public static void Write(Profile profile, Utf8JsonWriter json, Func<string, int> nameNumber)
    {
        var pages = CodePage.Of(profile);
        json.WriteStartObject("pages");
        json.WriteNumbers("page", pages.Select(page => Number(page.Address) >> PageShift));
        json.WriteNumbers("samples", pages.Select(page => page.Samples));
        json.WriteNumbers("blocks", pages.Select(page => page.Blocks));
        json.WriteNumbers("bytes", pages.Select(page => page.Bytes));
        json.WriteNumbers("lost", pages.Select(page => page.Lost));
        json.WriteNumbers("again", pages.Select(page => page.Again));
        json.WriteNumbers("name", pages.Select(page => page.Name is null ? -1L : nameNumber(page.Name)));
        json.WriteEndObject();
    }
}
