using System.Text;
using Arm64Vm.Profiling;

namespace Arm64Vm.Cli.Profiles;

/// <summary><c>arm64vm report --html</c>: a page that needs nothing else. Its style and scripts are files of the folder Page, embedded; its data is a JSON document.</summary>
internal static class ReportPage
{
    private const string Prefix = "report/";
    private const string Start = "{{";
    private const string End = "}}";

    /// <exception cref="IOException">The stream cannot be written.</exception>
    public static void Write(Profile profile, Stream output)
    {
        // Names in double braces are filled in; the rest is copied. Only the template is searched, so that what a guest calls itself stays data.
        ReadOnlySpan<char> template = Resource("page.html");
        while (template.IndexOf(Start) is >= 0 and var at)
        {
            Text(output, template[..at]);
            template = template[(at + Start.Length)..];
            var end = template.IndexOf(End);
            switch (template[..end])
            {
                case "style":
                    Text(output, Resource("page.css"));
                    break;
                case "script":
                    foreach (var name in typeof(ReportPage).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(".js", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
                        Text(output, Resource(name[Prefix.Length..]));
                    break;
                default:
                    new PageData(profile).Write(output);
                    break;
            }

            template = template[(end + End.Length)..];
        }

        Text(output, template);
    }

    private static void Text(Stream output, ReadOnlySpan<char> text)
    {
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        output.Write(bytes.AsSpan(0, Encoding.UTF8.GetBytes(text, bytes)));
    }

    private static string Resource(string name)
    {
        using var reader = new StreamReader(typeof(ReportPage).Assembly.GetManifestResourceStream(Prefix + name) ?? throw new InvalidOperationException($"There is no resource '{name}'."));
        return reader.ReadToEnd();
    }
}
