using System.Text.Json;

namespace Arm64Vm.Profiling;

/// <summary>
/// The Trace Event Format, as chrome://tracing and Perfetto read it: translations as slices of the processor that made them, removals as instants, and counters of
/// the cache's occupancy, of wall time by place, and of what happened in each slice of the time line.
/// </summary>
internal sealed class ChromeTrace
{
    /// <summary>One process; its threads are the processors, and behind them one for removals that nobody is known to have done.</summary>
    private const int Process = 1;

    private readonly Profile _profile;
    private readonly Utf8JsonWriter _json;
    private readonly int _others;

    private ChromeTrace(Profile profile, Utf8JsonWriter json)
    {
        _profile = profile;
        _json = json;
        _others = profile.Info.Processors;
    }

    /// <exception cref="IOException">The stream cannot be written.</exception>
    public static void Write(Profile profile, Stream output)
    {
        using var json = JsonExport.Open(output);
        new ChromeTrace(profile, json).Write();
    }

    private void Write()
    {
        _json.WriteStartObject();
        _json.WriteString("displayTimeUnit", "ns");
        _json.WriteStartObject("otherData");
        _json.WriteString("guest", _profile.Info.Guest);
        _json.WriteString("host", _profile.Info.Host);
        _json.WriteString("version", $"arm64vm {_profile.Info.Version}");
        _json.WriteNumber("dropped_events", _profile.Info.DroppedEvents);
        _json.WriteEndObject();
        _json.WriteStartArray("traceEvents");
        WriteName("process_name", 0, $"translations: {_profile.Info.Guest}");
        for (var processor = 0; processor < _profile.Info.Processors; processor++)
            WriteName("thread_name", processor, $"processor {processor}");
        WriteName("thread_name", _others, "removals");
        foreach (var one in _profile.Events)
            WriteEvent(one);
        foreach (var slice in _profile.Timeline)
            WriteSlice(slice);
        _json.WriteEndArray();
        _json.WriteEndObject();
    }

    private void WriteName(string what, int thread, string name)
    {
        Begin("M", what, thread, 0);
        _json.WriteStartObject("args");
        _json.WriteString("name", name);
        _json.WriteEndObject();
        _json.WriteEndObject();
    }

    private void WriteEvent(in ProfileEvent one)
    {
        var isTranslation = one.Kind == EventKind.Translation;
        var block = one.Block >= 0 ? _profile.Blocks[one.Block] : null;
        var name = isTranslation ? FunctionTable.NameOf(_profile, one.Address, block?.Symbol ?? -1) : one.Kind.ToString();
        Begin(isTranslation ? "X" : "i", name, one.Processor < 0 ? _others : one.Processor, one.Time);
        _json.WriteString("cat", isTranslation ? "translation" : "removal");
        if (isTranslation)
            _json.WriteNumber("dur", Microseconds(one.Length));
        else
            _json.WriteString("s", "t");
        _json.WriteStartObject("args");
        _json.WriteString(isTranslation ? "address" : "page", $"0x{one.Address:x}");
        _json.WriteNumber(isTranslation ? "host_bytes" : "units", one.Size);
        if (block is not null)
        {
            _json.WriteNumber("guest_instructions", block.GuestInstructions);
            _json.WriteNumber("el", block.ExceptionLevel);
        }

        _json.WriteEndObject();
        _json.WriteEndObject();
        _json.Drain();
    }

    private void WriteSlice(ProfileSlice slice)
    {
        WriteCounter("cache bytes", slice.Start + slice.Length, [("host code", slice.CodeBytes)]);
        WriteCounter("units alive", slice.Start + slice.Length, [("units", slice.Blocks)]);
        WriteCounter("units", slice.Start, [("made", slice.Translated), ("lost", slice.Removed)]);
        WriteCounter("exits", slice.Start, [("exits", slice.Exits)]);
        WriteCounter("wall time, us", slice.Start, [.. slice.Places.Select((time, place) => (ProfilePlaces.Name((ProfilePlace)place), time / 1000))]);
    }

    private void WriteCounter(string name, long time, IReadOnlyList<(string Series, long Value)> values)
    {
        Begin("C", name, 0, time);
        _json.WriteStartObject("args");
        foreach (var (series, value) in values)
            _json.WriteNumber(series, value);
        _json.WriteEndObject();
        _json.WriteEndObject();
        _json.Drain();
    }

    /// <summary>Leaves the object open.</summary>
    private void Begin(string phase, string name, int thread, long time)
    {
        _json.WriteStartObject();
        _json.WriteString("ph", phase);
        _json.WriteString("name", name);
        _json.WriteNumber("pid", Process);
        _json.WriteNumber("tid", thread);
        _json.WriteNumber("ts", Microseconds(time));
    }

    private static decimal Microseconds(long nanoseconds) => nanoseconds / 1000m;
}
