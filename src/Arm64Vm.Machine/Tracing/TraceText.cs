using System.Globalization;
using System.Text;
using Arm64Vm.Cpu;
using Arm64Vm.Cpu.Exceptions;
using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Tracing;

/// <summary>Events of a trace for people: seconds of the machine's time, the processor, what, and the details.</summary>
internal static class TraceText
{
    public static void Append(StringBuilder text, in TraceEvent one, PhysicalBus? devices)
    {
        text.Append(CultureInfo.InvariantCulture, $"{one.Time / 1_000_000_000,4}.{one.Time % 1_000_000_000 / 1000:d6} cpu{one.Cpu} {TraceNames.Of(one.Kind),-11}");
        switch (one.Kind)
        {
            case TraceEventKind.Enter:
                text.Append(CultureInfo.InvariantCulture, $"0x{one.Pc:x16} EL{one.Level}");
                break;
            case TraceEventKind.Exception:
                text.Append(CultureInfo.InvariantCulture, $"0x{one.Pc:x16} EL{one.Level} -> 0x{one.Address:x16} {(ExceptionVector)one.Size}");
                if (one.Size == (int)ExceptionVector.Synchronous)
                    text.Append(CultureInfo.InvariantCulture, $" {TraceNames.ClassOf(one.Value)} esr=0x{one.Value:x} far=0x{one.Detail:x}");
                break;
            case TraceEventKind.Return:
                text.Append(CultureInfo.InvariantCulture, $"0x{one.Pc:x16} -> 0x{one.Address:x16} EL{one.Level} spsr=0x{one.Value:x}");
                break;
            case TraceEventKind.Read or TraceEventKind.Write:
                var digits = Math.Min(Math.Abs(one.Size), 8) * 2;
                text.Append(CultureInfo.InvariantCulture, $"0x{one.Address:x16} {(one.Kind == TraceEventKind.Read ? "->" : "<-")} 0x{one.Value.ToString($"x{digits}", CultureInfo.InvariantCulture)} at 0x{one.Pc:x16}");
                text.Append(one.Size < 0 ? " refused" : "").Append(devices?.NameOf(one.Address) is { } name ? $" {name}" : "");
                break;
            case TraceEventKind.Interrupt:
                text.Append(CultureInfo.InvariantCulture, $"{one.Size} priority 0x{one.Detail:x2}");
                break;
            case TraceEventKind.Walk:
                text.Append(CultureInfo.InvariantCulture, $"0x{one.Address:x16} {(AccessType)one.Detail} -> 0x{one.Value:x} of {TraceNames.SizeOf(one.Size)}");
                break;
            case TraceEventKind.Fault:
                text.Append(CultureInfo.InvariantCulture, $"0x{one.Address:x16} {(AccessType)one.Detail} status 0x{one.Value:x2}");
                break;
            case TraceEventKind.Invalidate:
                text.Append(CultureInfo.InvariantCulture, $"{(ShootdownKind)one.Size} 0x{one.Address:x16}");
                if (one.Value != 0)
                    text.Append(CultureInfo.InvariantCulture, $" 0x{one.Value:x} bytes");
                if (one.Detail != ulong.MaxValue)
                    text.Append(CultureInfo.InvariantCulture, $" asid {one.Detail}");
                break;
        }

        text.Append('\n');
    }
}
