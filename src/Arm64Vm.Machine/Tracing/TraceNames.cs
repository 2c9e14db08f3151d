using System.Globalization;
using Arm64Vm.Cpu;
using Arm64Vm.Cpu.Exceptions;

namespace Arm64Vm.Machine.Tracing;

/// <summary>Words of traces.</summary>
internal static class TraceNames
{
    public static string Of(TraceEventKind kind) => kind switch
    {
        TraceEventKind.Enter => "exec",
        TraceEventKind.Exception => "exception",
        TraceEventKind.Return => "return",
        TraceEventKind.Read => "read",
        TraceEventKind.Write => "write",
        TraceEventKind.Interrupt => "irq",
        TraceEventKind.Walk => "walk",
        TraceEventKind.Fault => "walkfault",
        _ => "tlbi",
    };

    /// <summary>The exception class of a syndrome by its name, or its number where it has none here.</summary>
    public static string ClassOf(ulong syndrome) => ((ExceptionClass)(syndrome >> 26 & 0x3F)).ToString();

    /// <summary>Such as 4K.</summary>
    public static string SizeOf(int log2) => string.Create(CultureInfo.InvariantCulture, $"{1UL << (log2 % 10)}{(log2 / 10) switch { 0 => "", 1 => "K", 2 => "M", 3 => "G", _ => "T" }}");
}
