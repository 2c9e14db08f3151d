using System.Globalization;
using System.Text;
using Arm64Vm.Cpu;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Tracing;

/// <summary>Events of a trace for people: seconds of the machine's time, the processor, what, and the details.</summary>
internal readonly struct TraceText(StringBuilder text) : ITraceFields
{
    public static void Append(StringBuilder text, in TraceEvent one, PhysicalBus? devices)
    {
        text.Append(CultureInfo.InvariantCulture, $"{one.Time / 1_000_000_000,4}.{one.Time % 1_000_000_000 / 1000:d6} cpu{one.Cpu} {TraceNames.Of(one.Kind),-10}");
        var line = new TraceText(text);
        TraceDescription.Describe(ref line, one, devices);
        text.Append('\n');
    }

    public void Address(string name, ulong value, string before) => Value(name, value, before, 16);

    public void Value(string name, ulong value, string before, int digits) =>
        text.Append(' ').Append(before).Append("0x").Append(value.ToString($"x{digits}", CultureInfo.InvariantCulture));

    public void Number(string name, ulong value, string before, string format) => text.Append(' ').Append(before).Append(value.ToString(format, CultureInfo.InvariantCulture));

    public void Word(string name, string word) => text.Append(' ').Append(word);

    public void Length(string name, ulong bytes)
    {
        if (bytes != 0)
            text.Append(CultureInfo.InvariantCulture, $" 0x{bytes:x} bytes");
    }

    public void PageSize(string name, int log2) => text.Append(" of ").Append(TraceNames.SizeOf(log2));

    public void Flag(string name) => Word(name, name);

    public void ForPrograms(string name, ulong value, bool isAddress)
    {
    }
}
