using System.IO.Compression;
using System.Text;

namespace Arm64Vm.Profiling.Tests;

/// <summary>The export for pprof, decoded again and held to what its profile.proto demands.</summary>
public class PprofTests
{
    /// <summary>A field: its number, and its value or bytes.</summary>
    private readonly record struct Field(int Number, ulong Value, byte[] Bytes);

    [Fact]
    public void EveryReferenceIsKept()
    {
        var profile = ExportTests.Profile();
        var fields = Decode(Unpacked(profile));
        List<string> texts = [.. Of(fields, 6).Select(field => Encoding.UTF8.GetString(field.Bytes))];
        Assert.Equal("", texts[0]);
        Assert.Equal(texts.Count, texts.Distinct().Count());
        var mappings = Ids(fields, 3);
        var functions = Of(fields, 5).Select(field => Decode(field.Bytes)).ToDictionary(function => Value(function, 1));
        Assert.All(functions.Values, function => Assert.InRange(Value(function, 2), 1UL, (ulong)texts.Count - 1));
        var locations = Of(fields, 4).Select(field => Decode(field.Bytes)).ToDictionary(location => Value(location, 1));
        Assert.DoesNotContain(0UL, locations.Keys);
        foreach (var location in locations.Values)
        {
            Assert.Contains(Value(Decode(Single(location, 4).Bytes), 1), functions.Keys);
            Assert.True(Value(location, 2) == 0 || mappings.Contains(Value(location, 2)));
        }

        Assert.Equal(["samples", "guest"], Of(fields, 1).Select(type => texts[(int)Value(Decode(type.Bytes), 1)]));
        Assert.Equal((ulong)profile.Info.Duration, Value(fields, 10));
        Assert.Equal(1_767_323_045_000_000_000UL, Value(fields, 9));
    }

    [Fact]
    public void SamplesHaveTheirStackFromTheLeafOnTheirTimeAndLabels()
    {
        var fields = Decode(Unpacked(ExportTests.Profile()));
        List<string> texts = [.. Of(fields, 6).Select(field => Encoding.UTF8.GetString(field.Bytes))];
        var functions = Of(fields, 5).Select(field => Decode(field.Bytes)).ToDictionary(function => Value(function, 1), function => texts[(int)Value(function, 2)]);
        var locations = Of(fields, 4).Select(field => Decode(field.Bytes)).ToDictionary(location => Value(location, 1), location => functions[Value(Decode(Single(location, 4).Bytes), 1)]);
        List<string> samples = [];
        foreach (var sample in Of(fields, 2).Select(field => Decode(field.Bytes)))
        {
            var stack = string.Join(' ', Numbers(Single(sample, 1).Bytes).Select(id => locations[id]));
            var labels = string.Join(' ', Of(sample, 3).Select(label => Decode(label.Bytes)).Select(label => $"{texts[(int)Value(label, 1)]}={texts[(int)Value(label, 2)]}"));
            samples.Add($"{stack}: {string.Join(' ', Numbers(Single(sample, 2).Bytes))} {labels}");
        }

        Assert.Equal(
            [
                "[mmu] memcpy main: 1 1000000 processor=0 place=mmu process=init",
                "[run loop] main: 1 1000000 processor=1 place=run loop",
                "main: 2 2000000 processor=0 place=emitted process=process 49000000",
                "memcpy main: 2 2000000 processor=0 place=emitted process=init",
            ],
            samples.Order(StringComparer.Ordinal));
    }

    private static byte[] Unpacked(Profile profile)
    {
        using var packed = new GZipStream(new MemoryStream(ExportTests.Bytes(profile, ExportFormat.Pprof)), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        packed.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static List<Field> Decode(byte[] message)
    {
        List<Field> fields = [];
        for (var at = 0; at < message.Length;)
        {
            var key = Varint(message, ref at);
            var value = Varint(message, ref at);
            var bytes = (key & 7) switch { 0 => [], 2 => message[at..(at + (int)value)], _ => throw new InvalidDataException($"wire type {key & 7}") };
            at += bytes.Length;
            fields.Add(new Field((int)(key >> 3), value, bytes));
        }

        return fields;
    }

    private static IEnumerable<ulong> Numbers(byte[] packed)
    {
        for (var at = 0; at < packed.Length;)
            yield return Varint(packed, ref at);
    }

    private static ulong Varint(byte[] bytes, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            value |= (ulong)(bytes[at] & 0x7F) << shift;
            if (bytes[at++] < 0x80)
                return value;
        }
    }

    private static IEnumerable<Field> Of(List<Field> fields, int number) => fields.Where(field => field.Number == number);

    private static Field Single(List<Field> fields, int number) => Assert.Single(fields, field => field.Number == number);

    private static ulong Value(List<Field> fields, int number) => Of(fields, number).SingleOrDefault().Value;

    private static HashSet<ulong> Ids(List<Field> fields, int number) => [.. Of(fields, number).Select(field => Value(Decode(field.Bytes), 1))];
}
