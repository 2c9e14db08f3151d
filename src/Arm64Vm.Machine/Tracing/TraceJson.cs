using System.Globalization;
using System.Text;
using Arm64Vm.Cpu;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Tracing;

/// <summary>Events of a trace for programs. Addresses and values are texts, since JSON's numbers do not have 64 bits everywhere; no text needs escapes.</summary>
internal readonly struct TraceJson(StringBuilder text) : ITraceFields
{
    public static void Append(StringBuilder text, in TraceEvent one, PhysicalBus? devices)
    {
        text.Append(CultureInfo.InvariantCulture, $"{{\"ns\":{one.Time},\"cpu\":{one.Cpu},\"event\":\"{TraceNames.Of(one.Kind)}\"");
        var json = new TraceJson(text);
        TraceDescription.Describe(ref json, one, devices);
        text.Append("}\n");
    }

    public void Address(string name, ulong value, string before) => text.Append(CultureInfo.InvariantCulture, $",\"{name}\":\"0x{value:x}\"");

    public void Value(string name, ulong value, string before, int digits) => Address(name, value, before);

    public void Number(string name, ulong value, string before, string format) => text.Append(CultureInfo.InvariantCulture, $",\"{name}\":{value}");

    public void Word(string name, string word) => text.Append(CultureInfo.InvariantCulture, $",\"{name}\":\"{word}\"");

    public void Length(string name, ulong bytes) => Number(name, bytes, "", "");

    public void PageSize(string name, int log2) => Number(name, 1UL << log2, "", "");

    public void Flag(string name) => text.Append(CultureInfo.InvariantCulture, $",\"{name}\":true");

    public void ForPrograms(string name, ulong value, bool isAddress)
    {
        if (isAddress)
            Address(name, value, "");
        else
            Number(name, value, "", "");
    }
}
