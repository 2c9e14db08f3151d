using System.Text.Json;

namespace Arm64Vm.Profiling;

/// <summary>
/// A processed profile of the Firefox Profiler, version 62 of that format (its docs-developer/processed-profile-format.md and CHANGELOG-formats.md): a
/// thread for each processor, categories by what the sample was doing, and as markers what was done to the translation cache.
/// </summary>
internal sealed class FirefoxJson
{
    private const int FormatVersion = 62;
    private const int GeckoVersion = 24;
    private const int OtherCategory = 0;
    private const int KernelCategory = 1;
    private const int UserCategory = 2;
    private const int OutsideCategory = 3;

    private static readonly (string Name, string Color)[] s_categories = [("Other", "grey"), ("EL1", "orange"), ("EL0", "yellow"), ("Outside emitted code", "red")];

    private readonly Profile _profile;
    private readonly Utf8JsonWriter _json;
    private readonly ExportStacks _stacks;
    private readonly Dictionary<string, int> _textNumbers = new(StringComparer.Ordinal);
    private readonly List<string> _texts = [];

    private FirefoxJson(Profile profile, Utf8JsonWriter json)
    {
        _profile = profile;
        _json = json;
        _stacks = new ExportStacks(profile);
    }

    /// <exception cref="IOException">The stream cannot be written.</exception>
    public static void Write(Profile profile, Stream output)
    {
        using var json = JsonExport.Open(output);
        new FirefoxJson(profile, json).Write();
    }

    private void Write()
    {
        _json.WriteStartObject();
        WriteMeta();
        _json.WriteStartArray("libs");
        _json.WriteEndArray();
        _json.WriteStartArray("pages");
        _json.WriteEndArray();
        _json.WriteStartArray("threads");
        var samples = _profile.Samples.Where(sample => ExportStacks.Has(sample)).ToLookup(sample => sample.Processor);
        for (var processor = 0; processor < Math.Max(1, _profile.Info.Processors); processor++)
            WriteThread(processor, [.. samples[processor]]);
        _json.WriteEndArray();
        WriteShared();
        _json.WriteEndObject();
    }

    private void WriteMeta()
    {
        _json.WriteStartObject("meta");
        _json.WriteNumber("version", GeckoVersion);
        _json.WriteNumber("preprocessedProfileVersion", FormatVersion);
        _json.WriteNumber("interval", Milliseconds(_profile.Info.SampleInterval));
        _json.WriteNumber("startTime", _profile.Info.Start.ToUnixTimeMilliseconds());
        _json.WriteNumber("processType", 0);
        _json.WriteString("product", $"arm64vm {_profile.Info.Version}: {_profile.Info.Guest}");
        _json.WriteString("oscpu", _profile.Info.Host);
        _json.WriteBoolean("debug", false);
        _json.WriteBoolean("symbolicated", true);
        _json.WriteBoolean("usesOnlyOneStackType", true);
        _json.WriteBoolean("sourceCodeIsNotOnSearchfox", true);
        _json.WriteStartObject("extensions");
        _json.WriteNumber("length", 0);
        foreach (var column in (ReadOnlySpan<string>)["id", "name", "baseURL"])
            _json.WriteTexts(column, []);
        _json.WriteEndObject();
        _json.WriteStartArray("categories");
        foreach (var (name, color) in s_categories)
        {
            _json.WriteStartObject();
            _json.WriteString("name", name);
            _json.WriteString("color", color);
            _json.WriteTexts("subcategories", ["Other"]);
            _json.WriteEndObject();
        }

        _json.WriteEndArray();
        WriteMarkerSchema();
        _json.WriteEndObject();
    }

    /// <summary>Markers have an address and a size.</summary>
    private void WriteMarkerSchema()
    {
        _json.WriteStartArray("markerSchema");
        _json.WriteStartObject();
        _json.WriteString("name", "cache");
        _json.WriteString("tooltipLabel", "{marker.name}");
        _json.WriteString("tableLabel", "{marker.data.address}, {marker.data.size}");
        _json.WriteTexts("display", ["marker-chart", "marker-table"]);
        _json.WriteStartArray("fields");
        foreach (var (key, label, format) in new[] { ("address", "Address", "string"), ("size", "Bytes made, or units lost", "integer") })
        {
            _json.WriteStartObject();
            _json.WriteString("key", key);
            _json.WriteString("label", label);
            _json.WriteString("format", format);
            _json.WriteEndObject();
        }

        _json.WriteEndArray();
        _json.WriteEndObject();
        _json.WriteEndArray();
    }

    private void WriteThread(int processor, List<ProfileSample> samples)
    {
        _json.WriteStartObject();
        _json.WriteString("name", $"processor {processor}");
        _json.WriteBoolean("isMainThread", processor == 0);
        _json.WriteString("processName", "guest");
        _json.WriteString("processType", "default");
        _json.WriteNumber("processStartupTime", 0);
        _json.WriteNull("processShutdownTime");
        _json.WriteNumber("registerTime", 0);
        _json.WriteNull("unregisterTime");
        _json.WriteString("pid", "1");
        _json.WriteString("tid", $"{processor + 1}");
        _json.WriteBoolean("showMarkersInTimeline", true);
        _json.WriteTexts("pausedRanges", []);
        _json.WriteStartObject("samples");
        _json.WriteNumber("length", samples.Count);
        _json.WriteString("weightType", "samples");
        _json.WriteIndices("stack", samples.Select(sample => _stacks.NodeOf(sample)));
        WriteTimes("time", samples.Select(sample => sample.Time));
        _json.WriteNumbers("weight", samples.Select(sample => (long)sample.Weight));
        _json.WriteEndObject();

        // What nobody is known to have done is shown with the first processor.
        WriteMarkers([.. _profile.Events.Where(one => Math.Max(0, one.Processor) == processor)]);
        _json.WriteEndObject();
    }

    private void WriteMarkers(List<ProfileEvent> events)
    {
        _json.WriteStartObject("markers");
        _json.WriteNumber("length", events.Count);
        _json.WriteNumbers("category", events.Select(_ => (long)OutsideCategory));
        _json.WriteNumbers("name", events.Select(one => (long)TextNumber(one.Kind.ToString())));
        WriteTimes("startTime", events.Select(one => one.Time));
        WriteTimes("endTime", events.Select(one => one.Time + one.Length));
        _json.WriteNumbers("phase", events.Select(one => one.Length > 0 ? 1L : 0));
        _json.WriteStartArray("data");
        foreach (var one in events)
        {
            _json.WriteStartObject();
            _json.WriteString("type", "cache");
            _json.WriteString("address", $"0x{one.Address:x}");
            _json.WriteNumber("size", one.Size);
            _json.WriteEndObject();
            _json.Drain();
        }

        _json.WriteEndArray();
        _json.WriteEndObject();
    }

    /// <summary>Tables that all threads refer to; they are complete when the threads are written. Each frame is a function.</summary>
    private void WriteShared()
    {
        var frames = _stacks.Frames;
        List<string> modules = [.. frames.Select(frame => frame.Module).Where(module => module.Length > 0).Distinct()];
        _json.WriteStartObject("shared");
        WriteTable("stackTable", _stacks.Nodes.Count, () =>
        {
            _json.WriteIndices("prefix", _stacks.Nodes.Select(node => node.Parent));
            _json.WriteNumbers("frame", _stacks.Nodes.Select(node => (long)node.Frame));
        });
        WriteTable("frameTable", frames.Count, () =>
        {
            _json.WriteNumbers("address", frames.Select(_ => -1L));
            _json.WriteNumbers("inlineDepth", frames.Select(_ => 0L));
            _json.WriteNumbers("category", frames.Select(frame => (long)CategoryOf(frame)));
            _json.WriteNumbers("subcategory", frames.Select(_ => 0L));
            _json.WriteNumbers("func", Enumerable.Range(0, frames.Count).Select(i => (long)i));
            _json.WriteNumbers("innerWindowID", frames.Select(_ => 0L));
            foreach (var column in (ReadOnlySpan<string>)["nativeSymbol", "line", "column"])
                _json.WriteIndices(column, frames.Select(_ => -1));
        });
        WriteTable("funcTable", frames.Count, () =>
        {
            _json.WriteNumbers("name", frames.Select(frame => (long)TextNumber(frame.Name)));
            _json.WriteNumbers("resource", frames.Select(frame => (long)(frame.Module.Length > 0 ? modules.IndexOf(frame.Module) : -1)));
            WriteFalse("isJS", frames.Count);
            WriteFalse("relevantForJS", frames.Count);
            foreach (var column in (ReadOnlySpan<string>)["source", "lineNumber", "columnNumber"])
                _json.WriteIndices(column, frames.Select(_ => -1));
        });
        WriteTable("resourceTable", modules.Count, () =>
        {
            // Type 0: of no kind that the format has. Libraries are files that it would look for symbols in.
            _json.WriteNumbers("name", modules.Select(module => (long)TextNumber(module)));
            _json.WriteNumbers("type", modules.Select(_ => 0L));
            _json.WriteIndices("lib", modules.Select(_ => -1));
            _json.WriteIndices("host", modules.Select(_ => -1));
        });
        WriteEmpty("nativeSymbols", ["libIndex", "address", "name", "functionSize"]);
        WriteEmpty("sources", ["id", "filename", "startLine", "startColumn", "sourceMapURL"]);
        _json.WriteTexts("stringArray", _texts);
        _json.WriteEndObject();
    }

    private void WriteTable(string name, int length, Action columns)
    {
        _json.WriteStartObject(name);
        _json.WriteNumber("length", length);
        columns();
        _json.WriteEndObject();
    }

    private void WriteEmpty(string name, ReadOnlySpan<string> columns)
    {
        _json.WriteStartObject(name);
        _json.WriteNumber("length", 0);
        foreach (var column in columns)
            _json.WriteTexts(column, []);
        _json.WriteEndObject();
    }

    private void WriteFalse(string name, int count)
    {
        _json.WriteStartArray(name);
        for (var i = 0; i < count; i++)
            _json.WriteBooleanValue(false);
        _json.WriteEndArray();
    }

    private void WriteTimes(string name, IEnumerable<long> nanoseconds)
    {
        _json.WriteStartArray(name);
        foreach (var time in nanoseconds)
        {
            _json.WriteNumberValue(Milliseconds(time));
            _json.Drain();
        }

        _json.WriteEndArray();
    }

    private int CategoryOf(ExportFrame frame) => frame.Kind switch
    {
        ExportFrameKind.Place => OutsideCategory,
        ExportFrameKind.Process => OtherCategory,
        _ => frame.ExceptionLevel == 0 ? UserCategory : KernelCategory,
    };

    private int TextNumber(string text)
    {
        if (!_textNumbers.TryGetValue(text, out var number))
        {
            number = _texts.Count;
            _texts.Add(text);
            _textNumbers.Add(text, number);
        }

        return number;
    }

    /// <summary>To a nanosecond, without digits that a binary fraction has beyond.</summary>
    private static decimal Milliseconds(long nanoseconds) => nanoseconds / 1_000_000m;
}
