using System.Globalization;
using System.Text;
using Arm64Vm.Cpu;
using Arm64Vm.Cpu.Exceptions;
using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Tracing;

/// <summary>Events of a trace for programs. Addresses and values are texts, since JSON's numbers do not have 64 bits everywhere; no text needs escapes.</summary>
internal static class TraceJson
{
    public static void Append(StringBuilder text, in TraceEvent one, PhysicalBus? devices)
    {
        text.Append(CultureInfo.InvariantCulture, $"{{\"ns\":{one.Time},\"cpu\":{one.Cpu},\"event\":\"{TraceNames.Of(one.Kind)}\"");
        switch (one.Kind)
        {
            case TraceEventKind.Enter:
                text.Append(CultureInfo.InvariantCulture, $",\"pc\":\"0x{one.Pc:x}\",\"el\":{one.Level}");
                break;
            case TraceEventKind.Exception:
                text.Append(CultureInfo.InvariantCulture, $",\"pc\":\"0x{one.Pc:x}\",\"el\":{one.Level},\"to\":\"0x{one.Address:x}\",\"vector\":\"{(ExceptionVector)one.Size}\"");
                if (one.Size == (int)ExceptionVector.Synchronous)
                    text.Append(CultureInfo.InvariantCulture, $",\"class\":\"{TraceNames.ClassOf(one.Value)}\",\"esr\":\"0x{one.Value:x}\",\"far\":\"0x{one.Detail:x}\"");
                break;
            case TraceEventKind.Return:
                text.Append(CultureInfo.InvariantCulture, $",\"pc\":\"0x{one.Pc:x}\",\"to\":\"0x{one.Address:x}\",\"el\":{one.Level},\"spsr\":\"0x{one.Value:x}\"");
                break;
            case TraceEventKind.Read or TraceEventKind.Write:
                text.Append(CultureInfo.InvariantCulture, $",\"pc\":\"0x{one.Pc:x}\",\"address\":\"0x{one.Address:x}\",\"virtual\":\"0x{one.Detail:x}\",\"size\":{Math.Abs(one.Size)},\"value\":\"0x{one.Value:x}\"");
                text.Append(one.Size < 0 ? ",\"refused\":true" : "").Append(devices?.NameOf(one.Address) is { } name ? $",\"device\":\"{name}\"" : "");
                break;
            case TraceEventKind.Interrupt:
                text.Append(CultureInfo.InvariantCulture, $",\"intid\":{one.Size},\"priority\":{one.Detail}");
                break;
            case TraceEventKind.Walk:
                text.Append(CultureInfo.InvariantCulture, $",\"virtual\":\"0x{one.Address:x}\",\"access\":\"{(AccessType)one.Detail}\",\"physical\":\"0x{one.Value:x}\",\"bytes\":{1UL << one.Size}");
                break;
            case TraceEventKind.Fault:
                text.Append(CultureInfo.InvariantCulture, $",\"virtual\":\"0x{one.Address:x}\",\"access\":\"{(AccessType)one.Detail}\",\"status\":{one.Value}");
                break;
            case TraceEventKind.Invalidate:
                text.Append(CultureInfo.InvariantCulture, $",\"what\":\"{(ShootdownKind)one.Size}\",\"virtual\":\"0x{one.Address:x}\",\"bytes\":{one.Value}");
                if (one.Detail != ulong.MaxValue)
                    text.Append(CultureInfo.InvariantCulture, $",\"asid\":{one.Detail}");
                break;
        }

        text.Append("}\n");
    }
}
