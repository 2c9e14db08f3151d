using System.IO.Compression;
using System.Runtime.InteropServices;

namespace Arm64Vm.Profiling;

/// <summary>
/// A profile of pprof: a gzipped message of its profile.proto, with samples and their time. Locations are guest addresses, so that those who have the
/// guest's ELF files can have them annotated; labels say the processor, the process and what was being done.
/// </summary>
internal sealed class PprofFile
{
    private readonly Profile _profile;
    private readonly ProtobufWriter _message = new();
    private readonly Dictionary<string, long> _textNumbers = new(StringComparer.Ordinal);
    private readonly List<string> _texts = [];
    private readonly Dictionary<(string Name, string Module), long> _functions = [];
    private readonly ProtobufWriter _inner = new();
    private readonly ProtobufWriter _innermost = new();

    private PprofFile(Profile profile)
    {
        _profile = profile;
        TextNumber("");
    }

    /// <summary>What samples with the same labels and the same place are summed by.</summary>
    private readonly record struct SampleKey(int Stack, int Process, int Processor, ProfilePlace Place);

    /// <exception cref="IOException">The stream cannot be written.</exception>
    public static void Write(Profile profile, Stream output)
    {
        var file = new PprofFile(profile);
        file.Build();
        using var packed = new GZipStream(output, CompressionLevel.Optimal, leaveOpen: true);
        packed.Write(file._message.Bytes);
    }

    private void Build()
    {
        AddValueType(Field.SampleType, "samples", "count");
        AddValueType(Field.SampleType, "guest", "nanoseconds");
        AddMappings();
        AddLocations();
        AddSamples();
        _message.Number(Field.TimeNanos, (_profile.Info.Start - DateTimeOffset.UnixEpoch).Ticks * 100);
        _message.Number(Field.DurationNanos, _profile.Info.Duration);
        AddValueType(Field.PeriodType, "guest", "nanoseconds");
        _message.Number(Field.Period, _profile.Info.SampleInterval);
        _message.Packed(Field.Comment, [TextNumber($"arm64vm {_profile.Info.Version}: {_profile.Info.Guest}")]);
        _message.Number(Field.DefaultSampleType, TextNumber("guest"));
        foreach (var text in _texts)
            _message.Text(Field.StringTable, text);
    }

    /// <summary>Ids are the module's index plus one; zero is none. All have functions, so that nobody looks for the files.</summary>
    private void AddMappings()
    {
        for (var i = 0; i < _profile.Modules.Count; i++)
        {
            var module = _profile.Modules[i];
            _inner.Clear();
            _inner.Number(1, i + 1);
            _inner.Number(2, (long)module.Start);
            _inner.Number(3, (long)Math.Max(module.Start, module.End));
            _inner.Number(5, TextNumber(module.Path.Length > 0 ? module.Path : module.Name));
            _inner.Number(7, 1);
            _message.Message(Field.Mapping, _inner);
        }
    }

    /// <summary>A location for each frame, its id the frame's index plus one.</summary>
    private void AddLocations()
    {
        for (var i = 0; i < _profile.Frames.Count; i++)
        {
            var frame = _profile.Frames[i];
            var row = FunctionTable.RowOf(_profile, frame);
            AddLocation(i + 1, frame.Symbol < 0 ? 0 : _profile.Symbols[frame.Symbol].Module + 1, (long)frame.Address, FunctionOf(row.Name, row.Module));
        }

        // What is done outside emitted code is a frame too.
        for (var place = ProfilePlace.Translate; place < ProfilePlace.Host; place++)
            AddLocation(LocationOf(place), 0, 0, FunctionOf($"[{ProfilePlaces.Name(place)}]", "arm64vm"));
    }

    private long LocationOf(ProfilePlace place) => _profile.Frames.Count + 1 + (int)place;

    private void AddLocation(long id, long mapping, long address, long function)
    {
        _innermost.Clear();
        _innermost.Number(1, function);
        _inner.Clear();
        _inner.Number(1, id);
        _inner.Number(2, mapping);
        _inner.Number(3, address);
        _inner.Message(4, _innermost);
        _message.Message(Field.Location, _inner);
    }

    private long FunctionOf(string name, string module)
    {
        ref var id = ref CollectionsMarshal.GetValueRefOrAddDefault(_functions, (name, module), out var exists);
        if (exists)
            return id;
        id = _functions.Count;
        _innermost.Clear();
        _innermost.Number(1, id);
        _innermost.Number(2, TextNumber(name));
        _innermost.Number(3, TextNumber(name));
        _innermost.Number(4, TextNumber(module));
        _message.Message(Field.Function, _innermost);
        return id;
    }

    private void AddSamples()
    {
        var sums = new Dictionary<SampleKey, long>();
        foreach (var sample in _profile.Samples)
        {
            if (ExportStacks.Has(sample))
                CollectionsMarshal.GetValueRefOrAddDefault(sums, new SampleKey(sample.Stack, sample.Process, sample.Processor, sample.Place), out _) += sample.Weight;
        }

        List<long> locations = [];
        foreach (var (key, count) in sums)
        {
            locations.Clear();
            if (key.Place != ProfilePlace.Emitted)
                locations.Add(LocationOf(key.Place));
            for (var node = key.Stack; node >= 0; node = _profile.Stacks[node].Parent)
                locations.Add(_profile.Stacks[node].Frame + 1);
            _inner.Clear();
            _inner.Packed(1, CollectionsMarshal.AsSpan(locations));
            _inner.Packed(2, [count, count * _profile.Info.SampleInterval]);
            AddLabel("processor", $"{key.Processor}");
            AddLabel("place", ProfilePlaces.Name(key.Place));
            if (key.Process >= 0)
                AddLabel("process", FunctionTable.ProcessName(_profile, key.Process));
            _message.Message(Field.Sample, _inner);
        }
    }

    private void AddLabel(string key, string value)
    {
        _innermost.Clear();
        _innermost.Number(1, TextNumber(key));
        _innermost.Number(2, TextNumber(value));
        _inner.Message(3, _innermost);
    }

    private void AddValueType(int field, string type, string unit)
    {
        _inner.Clear();
        _inner.Number(1, TextNumber(type));
        _inner.Number(2, TextNumber(unit));
        _message.Message(field, _inner);
    }

    private long TextNumber(string text)
    {
        ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(_textNumbers, text, out var exists);
        if (!exists)
        {
            number = _texts.Count;
            _texts.Add(text);
        }

        return number;
    }

    /// <summary>Fields of the message Profile.</summary>
    private static class Field
    {
        public const int SampleType = 1;
        public const int Sample = 2;
        public const int Mapping = 3;
        public const int Location = 4;
        public const int Function = 5;
        public const int StringTable = 6;
        public const int TimeNanos = 9;
        public const int DurationNanos = 10;
        public const int PeriodType = 11;
        public const int Period = 12;
        public const int Comment = 13;
        public const int DefaultSampleType = 14;
    }
}
