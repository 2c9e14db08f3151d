using System.Text;
using System.Text.Json;
using Arm64Vm.Cli.Profiles;
using Arm64Vm.Profiling;
using Arm64Vm.Profiling.Tests;

namespace Arm64Vm.Cli.Tests;

/// <summary>The page of <c>arm64vm report --html</c>: what it holds, and how it works in a browser.</summary>
public sealed class ReportPageTests : IDisposable
{
    /// <summary>More rows than this in sight would be a table that draws all of them.</summary>
    private const int FewRows = 60;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ThePageNeedsNothingElse()
    {
        var page = Page(SampleProfiles.Full());
        Assert.Contains("default-src 'none'", page, StringComparison.Ordinal);
        Assert.DoesNotContain("{{", page, StringComparison.Ordinal);

        // One address: the name of the SVG namespace, which nobody fetches.
        Assert.Equal(page.Split("http://www.w3.org/2000/svg").Length, page.Split("http:").Length + page.Split("https:").Length - 1);
        Assert.DoesNotMatch("<(link|img|script src|iframe)|@import|url\\(|fetch\\(|XMLHttpRequest|WebSocket", page);
    }

    /// <summary>A guest's symbols are anything; in the page they stay text.</summary>
    [Fact]
    public void NamesCannotLeaveTheData()
    {
        var profile = SampleProfiles.Full();
        const string Name = "</script><script>throw 1</script>{{style}}<!--";
        profile.Symbols[1] = profile.Symbols[1] with { Name = Name };
        var page = Page(profile);
        Assert.DoesNotContain("throw 1</script>", page, StringComparison.Ordinal);
        using var data = Data(page);
        Assert.Contains(Name, data.RootElement.GetProperty("names").EnumerateArray().Select(name => name.GetString()));
    }

    [Fact]
    public void TheDataHasEveryTable()
    {
        using var data = Data(Page(SampleProfiles.Full()));
        var root = data.RootElement;
        Assert.Equal(["ffff800000010040", "401000"], root.GetProperty("blocks").GetProperty("va").EnumerateArray().Select(one => one.GetString()));
        Assert.Equal([0x40010, 0x50001], root.GetProperty("pages").GetProperty("page").EnumerateArray().Select(one => one.GetInt32()));
        Assert.Equal([43, 0], root.GetProperty("pages").GetProperty("samples").EnumerateArray().Select(one => one.GetInt32()));
        Assert.Equal([1, 1], root.GetProperty("flame").GetProperty("total").EnumerateArray().Select(one => one.GetInt32()).Take(2));
        var rows = Assert.Single(root.GetProperty("listings").EnumerateArray()).GetProperty("rows");
        Assert.Equal(("nop", 41), (rows[1].GetProperty("text").GetString(), rows[1].GetProperty("samples").GetInt32()));
        Assert.Equal(ProfilePlaces.Count, root.GetProperty("timeline").GetProperty("places").GetArrayLength());
        foreach (var table in root.EnumerateObject().Where(table => table.Value.ValueKind == JsonValueKind.Object && table.Name is not ("info" or "timeline" or "places")))
            Assert.Single(table.Value.EnumerateObject().Select(column => column.Value.GetArrayLength()).Distinct());
    }

    [Fact]
    public void DamagedProfilesThatAreReadHaveAPage()
    {
        foreach (var profile in SampleProfiles.Damaged(seed: 13, rounds: 300))
            Data(Page(profile)).Dispose();
        Data(Page(new Profile { Info = new ProfileInfo() })).Dispose();
    }

    [Fact]
    public async Task EveryPartIsShownWithoutErrors()
    {
        await using var browser = await HeadlessBrowser.StartAsync();
        await browser.OpenAsync(Save(SampleProfiles.Full()));
        Assert.Equal("embedded firmware", await browser.EvaluateAsync("document.getElementById('findings-title').textContent"));
        Assert.Equal(5, await browser.NumberAsync("document.querySelectorAll('#time svg').length"));
        Assert.Equal("memcpy (vmlinux)", await browser.EvaluateAsync("document.querySelector('.flame div:last-child').textContent"));
        Assert.Contains("emitted 75.0 % (3.000 s)", await browser.EvaluateAsync("document.getElementById('split').textContent"), StringComparison.Ordinal);
        Assert.True(await browser.NumberAsync("document.querySelector('.heat canvas').height") > 20);
        Assert.Equal("Guest,IR,Host", await browser.EvaluateAsync("[...document.querySelectorAll('.listing th')].map(head => head.textContent)"));
        Assert.Contains("95.3 %", await browser.EvaluateAsync("document.querySelector('.listing').textContent"), StringComparison.Ordinal);
        foreach (var (table, text) in new[] { ("Blocks", "Dma"), ("Exits", "Poll"), ("TLB misses", "Write"), ("Invalidations", "memcpy+4"), ("Made again", "70.0 us"), ("Pages", "40010000"), ("Counters", "lookups") })
        {
            await browser.EvaluateAsync($"document.querySelector('[data-name=\"{table}\"]').click()");
            Assert.Contains(text, await browser.EvaluateAsync("document.querySelector('.grid-body').textContent"), StringComparison.Ordinal);
        }

        // Nothing but the page itself was asked for.
        Assert.Empty(browser.Errors);
        Assert.All(browser.Requests, request => Assert.StartsWith($"file://{_folder.Path}", request, StringComparison.Ordinal));

        // A profile with nothing in it has a page that says so.
        await browser.OpenAsync(Save(new Profile { Info = new ProfileInfo() }));
        Assert.Contains("no samples of the guest", await browser.EvaluateAsync("document.getElementById('flame').textContent"), StringComparison.Ordinal);
        Assert.Empty(browser.Errors);
    }

    [Fact]
    public async Task EverythingCanBeDoneByKeyboard()
    {
        await using var browser = await HeadlessBrowser.StartAsync();
        await browser.OpenAsync(Save(SampleProfiles.Full()));

        // Tables: the tab's neighbour, a row, its block.
        await browser.EvaluateAsync("document.querySelector('[data-name=Functions]').focus()");
        await browser.PressAsync("ArrowRight");
        Assert.Equal("Blocks", await browser.EvaluateAsync("document.activeElement.dataset.name"));
        await browser.EvaluateAsync("document.querySelector('.grid').focus()");
        await browser.PressAsync("ArrowDown", "Enter");
        Assert.Equal("Block 401000 main", await browser.EvaluateAsync("document.getElementById('block-title').textContent"));
        await browser.PressAsync("Home", "Enter");
        Assert.Equal("Block ffff800000010040 memcpy", await browser.EvaluateAsync("document.getElementById('block-title').textContent"));

        // The flame graph: down to the callee, zoom in, and out again.
        await browser.EvaluateAsync("document.querySelector('.flame [tabindex=\"0\"]').focus()");
        await browser.PressAsync("ArrowDown", "ArrowDown", "Enter");
        Assert.Equal("memcpy (vmlinux)", await browser.EvaluateAsync("document.activeElement.textContent"));
        Assert.Contains("within memcpy", await browser.EvaluateAsync("document.getElementById('flame').textContent"), StringComparison.Ordinal);
        await browser.PressAsync("Escape", "Escape", "Escape");
        Assert.DoesNotContain("within", await browser.EvaluateAsync("document.getElementById('flame').textContent"), StringComparison.Ordinal);

        // The heat map: to the last page, and its blocks.
        await browser.EvaluateAsync("document.querySelector('.heat canvas').focus()");
        await browser.PressAsync("End", "Enter");
        Assert.Equal("physical:50001", await browser.EvaluateAsync("document.querySelector('#tables input').value"));
        Assert.Equal("1", await browser.EvaluateAsync("document.querySelectorAll('.grid-body .grid-row').length"));

        // The time line, and the colours.
        await browser.EvaluateAsync("document.querySelector('#time [role=slider]').focus()");
        await browser.PressAsync("End");
        Assert.Contains("1,000 made, 100 lost, 50 exits", await browser.EvaluateAsync("document.querySelector('#time [role=slider]').getAttribute('aria-valuetext')"), StringComparison.Ordinal);
        Assert.Empty(browser.Errors);
    }

    [Fact]
    public async Task AHundredThousandBlocksAreAFewRows()
    {
        const string Rows = "document.querySelectorAll('.grid-body .grid-row').length";
        await using var browser = await HeadlessBrowser.StartAsync();
        await browser.OpenAsync(Save(SampleProfiles.Large(100_000)));
        await browser.EvaluateAsync("document.querySelector('[data-name=Blocks]').click()");
        Assert.InRange(await browser.NumberAsync(Rows), 10, FewRows);

        // Sorted by samples, the last row is one without; sorting by address finds the first and the last block.
        await browser.EvaluateAsync("document.querySelector('.grid').focus()");
        Assert.Equal("99", await browser.EvaluateAsync("document.querySelector('.grid-row.on').firstChild.textContent"));
        await browser.PressAsync("End");
        Assert.Equal("0", await browser.EvaluateAsync("document.querySelector('.grid-row.on').firstChild.textContent"));
        Assert.Equal("100001", await browser.EvaluateAsync("document.querySelector('.grid-row.on').getAttribute('aria-rowindex')"));
        await browser.EvaluateAsync("document.querySelectorAll('.grid-head button')[1].click()");
        Assert.Equal("0", await browser.EvaluateAsync("document.querySelector('.grid-row.on').children[1].textContent"));
        Assert.Equal("ascending", await browser.EvaluateAsync("document.querySelectorAll('.grid-head [aria-sort]')[1].getAttribute('aria-sort')"));

        // Searching.
        await browser.EvaluateAsync("document.querySelector('#tables input').focus()");
        await browser.TypeAsync("function_99990");
        Assert.Contains("10 of 100,000 rows", await browser.EvaluateAsync("document.querySelector('#tables [role=status]').textContent"), StringComparison.Ordinal);
        Assert.Equal(10, await browser.NumberAsync(Rows));
        Assert.InRange(await browser.NumberAsync("document.querySelectorAll('*').length"), 100, 20_000);
        Assert.Empty(browser.Errors);
    }

    [Fact]
    public async Task LightDarkAndNarrow()
    {
        const string Back = "getComputedStyle(document.body).backgroundColor";
        await using var browser = await HeadlessBrowser.StartAsync();
        await browser.OpenAsync(Save(SampleProfiles.Full()));
        await browser.PreferAsync("light");
        Assert.Equal("rgb(255, 255, 255)", await browser.EvaluateAsync(Back));
        await browser.PreferAsync("dark");
        Assert.Equal("rgb(22, 24, 28)", await browser.EvaluateAsync(Back));

        // The switch goes from the system's to light and dark.
        await browser.EvaluateAsync("document.getElementById('theme').click()");
        Assert.Equal(("rgb(255, 255, 255)", "Colours: light"), (await browser.EvaluateAsync(Back), await browser.EvaluateAsync("document.getElementById('theme').textContent")));
        await browser.PreferAsync("light");
        await browser.EvaluateAsync("document.getElementById('theme').click()");
        Assert.Equal("rgb(22, 24, 28)", await browser.EvaluateAsync(Back));

        // On a narrow screen tables scroll, the page does not.
        foreach (var width in (int[])[360, 800, 1600])
        {
            await browser.ResizeAsync(width, 800);
            Assert.InRange(await browser.NumberAsync("document.documentElement.scrollWidth"), 1, width);
        }

        Assert.Empty(browser.Errors);
    }

    private static string Page(Profile profile)
    {
        using var stream = new MemoryStream();
        ReportPage.Write(profile, stream);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static JsonDocument Data(string page)
    {
        const string Start = "<script type=\"application/json\" id=\"data\">";
        var at = page.IndexOf(Start, StringComparison.Ordinal) + Start.Length;
        return JsonDocument.Parse(page[at..page.IndexOf("</script>", at, StringComparison.Ordinal)]);
    }

    private string Save(Profile profile)
    {
        var path = Path.Combine(_folder.Path, $"{profile.Blocks.Count}.html");
        File.WriteAllText(path, Page(profile));
        return path;
    }
}
