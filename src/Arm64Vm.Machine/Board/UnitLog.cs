using System.Globalization;
using Arm64Vm.Cpu;
using Arm64Vm.Ir;
using Arm64Vm.Translation;

namespace Arm64Vm.Machine.Board;

/// <summary>Logs every translation unit that is entered, and how it was left when not for the next one.</summary>
internal sealed unsafe class UnitLog : UnitwiseExecutor
{
    private readonly ILogSink _log;

    /// <param name="inner">What to run.</param>
    /// <param name="executor">The executor inside it that is to come back after every unit.</param>
    /// <param name="log">Where lines go.</param>
    public UnitLog(IExecutor inner, IExecutor executor, ILogSink log)
        : base(inner, executor)
    {
        _log = log;
    }

    // SAFETY: the context belongs to the caller for the call.
    public override ExitReason Run(GuestContext* context)
    {
        var pc = context->Pc;
        var reason = RunUnit(context);
        var end = reason is ExitReason.Poll or ExitReason.Lookup ? "" : $" {reason}";
        _log.Write(LogCategories.Blocks, string.Create(CultureInfo.InvariantCulture, $"{pc:x} -> {context->Pc:x}{end}"));
        return reason;
    }
}
