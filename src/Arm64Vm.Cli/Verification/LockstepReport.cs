using System.Globalization;
using Arm64Vm.Isa;
using Arm64Vm.Machine.Lockstep;

namespace Arm64Vm.Cli.Verification;

/// <summary>Prints how a lockstep run ended: what differs, and the guest code, IR and host code of the unit before.</summary>
internal static class LockstepReport
{
    public static void Write(LockstepResult result, TextWriter output)
    {
        var units = result.Units.ToString("N0", CultureInfo.InvariantCulture);
        if (result.End != LockstepEnd.Difference)
        {
            output.WriteLine(result.End == LockstepEnd.GuestEnded ? $"no difference in {units} units; the guest ended" : $"no difference in {units} units");
            return;
        }

        output.WriteLine($"first difference after {units} units:");
        output.WriteLine($"  {"",-24} {"interpreter",34} {"emitted code",34}");
        foreach (var difference in result.Differences)
            output.WriteLine($"  {difference.Name,-24} {difference.Interpreter,34} {difference.Jit,34}");
        if (result.Unit is { } unit)
            Write(unit, output);
    }

    private static void Write(LockstepUnit unit, TextWriter output)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\nguest code (physical 0x{unit.PhysicalAddress:x}):"));
        for (var i = 0; i < unit.Words.Count; i++)
        {
            var address = unit.Pc + (ulong)i * 4;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{address,18:x}:  {unit.Words[i]:x8}  {A64Disassembler.Disassemble(unit.Words[i], address)}"));
        }

        output.WriteLine("\nIR:");
        output.Write(unit.Ir);
        output.WriteLine("\nIR, optimized:");
        output.Write(unit.OptimizedIr);
        output.WriteLine("\nhost code:");
        HostDisassembly.Write(unit.HostCode, unit.HostAddress, output);
    }
}
