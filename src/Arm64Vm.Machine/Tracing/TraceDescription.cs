using Arm64Vm.Cpu;
using Arm64Vm.Cpu.Exceptions;
using Arm64Vm.Cpu.Mmu;
using Arm64Vm.Machine.Memory;

namespace Arm64Vm.Machine.Tracing;

/// <summary>What an event consists of, for every form in which it is written.</summary>
internal static class TraceDescription
{
    /// <summary>Tells a writer the fields of an event.</summary>
    /// <param name="fields">The writer.</param>
    /// <param name="one">The event.</param>
    /// <param name="devices">Names devices; null: without names.</param>
    public static void Describe<TFields>(ref TFields fields, in TraceEvent one, PhysicalBus? devices)
        where TFields : struct, ITraceFields
    {
        switch (one.Kind)
        {
            case TraceEventKind.Enter:
                fields.Address("pc", one.Pc);
                fields.Number("el", (ulong)one.Level, "EL");
                break;
            case TraceEventKind.Exception:
                fields.Address("pc", one.Pc);
                fields.Number("el", (ulong)one.Level, "EL");
                fields.Address("to", one.Address, "-> ");
                fields.Word("vector", ((ExceptionVector)one.Size).ToString());
                if (one.Size != (int)ExceptionVector.Synchronous)
                    break;
                fields.Word("class", TraceNames.ClassOf(one.Value));
                fields.Value("esr", one.Value, "esr=");
                fields.Value("far", one.Detail, "far=");
                break;
            case TraceEventKind.Return:
                fields.Address("pc", one.Pc);
                fields.Address("to", one.Address, "-> ");
                fields.Number("el", (ulong)one.Level, "EL");
                fields.Value("spsr", one.Value, "spsr=");
                break;
            case TraceEventKind.Read or TraceEventKind.Write:
                var size = Math.Abs(one.Size);
                fields.Address("address", one.Address);
                fields.ForPrograms("virtual", one.Detail, isAddress: true);
                fields.ForPrograms("size", (ulong)size, isAddress: false);
                fields.Value("value", one.Value, one.Kind == TraceEventKind.Read ? "-> " : "<- ", Math.Min(size, 8) * 2);
                fields.Address("pc", one.Pc, "at ");
                if (one.Size < 0)
                    fields.Flag("refused");
                if (devices?.NameOf(one.Address) is { } name)
                    fields.Word("device", name);
                break;
            case TraceEventKind.Interrupt:
                fields.Number("intid", (ulong)one.Size);
                fields.Number("priority", one.Detail, "priority 0x", "x2");
                break;
            case TraceEventKind.Walk:
                fields.Address("virtual", one.Address);
                fields.Word("access", ((AccessType)one.Detail).ToString());
                fields.Value("physical", one.Value, "-> ");
                fields.PageSize("bytes", one.Size);
                break;
            case TraceEventKind.Fault:
                fields.Address("virtual", one.Address);
                fields.Word("access", ((AccessType)one.Detail).ToString());
                fields.Number("status", one.Value, "status 0x", "x2");
                break;
            case TraceEventKind.Invalidate:
                fields.Word("what", ((ShootdownKind)one.Size).ToString());
                fields.Address("virtual", one.Address);
                fields.Length("bytes", one.Value);
                if (one.Detail != ulong.MaxValue)
                    fields.Number("asid", one.Detail, "asid ");
                break;
        }
    }
}
