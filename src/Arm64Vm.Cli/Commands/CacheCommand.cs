using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Arm64Vm.Cli.Boot;
using Arm64Vm.Machine;

namespace Arm64Vm.Cli.Commands;

/// <summary><c>arm64vm cache</c>: what is kept of translated code.</summary>
internal static class CacheCommand
{
    public static Command Make(CliStreams streams)
    {
        var command = new Command("cache", "Translated code that is kept from one run to the next ('boot --code-cache').");
        command.Add(MakePart("info", "Says where it is and how much of it there is.", streams, cache => cache.Measure()));
        command.Add(MakePart("clear", "Deletes it; machines that run go on with what they have opened.", streams, cache => cache.Clear()));
        return command;
    }

    private static Command MakePart(string name, string description, CliStreams streams, Func<CodeCache, (int Files, long Bytes)> act)
    {
        Option<string?> folder = new("--code-cache") { Description = "The folder; by default arm64vm in XDG_CACHE_HOME", HelpName = "DIR" };
        Option<bool> json = new("--json") { Description = "As JSON" };
        NotEmpty.Require(folder, "the folder's name");
        var command = new Command(name, description) { folder, json };
        command.SetAction(parsed =>
        {
            var path = parsed.GetValue(folder) ?? CodeCache.DefaultFolder ?? throw CliException.Usage("--code-cache: neither XDG_CACHE_HOME nor HOME is set; name the folder");
            var cache = new CodeCache(path);
            var (files, bytes) = act(cache);
            if (parsed.GetValue(json))
                WriteJson(streams.Text, cache, files, bytes);
            else if (name == "clear")
                streams.Text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"deleted {files:N0} files, {bytes:N0} bytes, in {cache.Folder}"));
            else
                streams.Text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{cache.Folder}: {files:N0} files, {bytes:N0} bytes of at most {cache.Limit:N0}"));
            return ExitStatus.Success;
        });
        return command;
    }

    private static void WriteJson(TextWriter output, CodeCache cache, int files, long bytes)
    {
        using var stream = new MemoryStream();
        using (Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteString("folder", cache.Folder);
            json.WriteNumber("files", files);
            json.WriteNumber("bytes", bytes);
            json.WriteNumber("limit", cache.Limit);
            json.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(stream.ToArray()));
    }
}
