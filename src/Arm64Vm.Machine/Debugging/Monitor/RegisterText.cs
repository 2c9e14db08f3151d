using System.Globalization;
using System.Text;
using Arm64Vm.Cpu;
using Arm64Vm.Machine.Board;

namespace Arm64Vm.Machine.Debugging.Monitor;

/// <summary>Registers as text.</summary>
internal static class RegisterText
{
    /// <summary>System registers that tell most.</summary>
    private static bool IsChosen(string name) => name is "SCTLR_EL1" or "TTBR0_EL1" or "TTBR1_EL1" or "TCR_EL1" or "MAIR_EL1" or "VBAR_EL1" or "ESR_EL1" or "FAR_EL1"
        or "ELR_EL1" or "SPSR_EL1" or "SP_EL0" or "TPIDR_EL0" or "TPIDR_EL1" or "CONTEXTIDR_EL1" or "CPACR_EL1";

    /// <summary>Of one processor, or with null of all.</summary>
    public static string Show(VirtMachineBoard board, int? processor)
    {
        var text = new StringBuilder();
        foreach (var vcpu in board.Vcpus)
        {
            if (processor is null || vcpu.Index == processor)
                Add(text, vcpu);
        }

        return text.ToString();
    }

    /// <summary>A line for each processor.</summary>
    public static string List(VirtMachineBoard board, int current)
    {
        var text = new StringBuilder();
        foreach (var vcpu in board.Vcpus)
        {
            var state = vcpu.Power != ProcessorPower.On ? "off" : vcpu.IsWaiting ? "waits" : "runs";
            text.Append(CultureInfo.InvariantCulture, $"{(vcpu.Index == current ? '*' : ' ')} CPU #{vcpu.Index}: pc=0x{vcpu.Pc:x16} EL{vcpu.ExceptionLevel} {state}\n");
        }

        return text.ToString();
    }

    private static void Add(StringBuilder text, Vcpu vcpu)
    {
        var pstate = vcpu.ProcessorState;
        text.Append(CultureInfo.InvariantCulture, $"CPU#{vcpu.Index}\n PC={vcpu.Pc:x16} ");
        for (var i = 0; i < 31; i++)
            text.Append(CultureInfo.InvariantCulture, $"X{i:00}={vcpu.GetX(i):x16}{(i % 3 == 1 ? '\n' : ' ')}");
        text.Append(CultureInfo.InvariantCulture, $"SP ={vcpu.StackPointer:x16}\n");
        text.Append(CultureInfo.InvariantCulture, $"PSTATE={pstate:x8} {Flag(31, 'N')}{Flag(30, 'Z')}{Flag(29, 'C')}{Flag(28, 'V')} {Flag(9, 'D')}{Flag(8, 'A')}{Flag(7, 'I')}{Flag(6, 'F')} EL{vcpu.ExceptionLevel}{((pstate & 1) != 0 ? 'h' : 't')}");
        text.Append(CultureInfo.InvariantCulture, $"  FPCR={vcpu.DebugFloatControl:x8} FPSR={vcpu.DebugFloatStatus:x8}\n");
        var names = vcpu.SystemRegisterNames;
        var shown = 0;
        for (var i = 0; i < names.Count; i++)
        {
            if (IsChosen(names[i]))
                text.Append(CultureInfo.InvariantCulture, $"{names[i]}={vcpu.ReadSystemRegister(i):x16}{(++shown % 3 == 0 ? '\n' : ' ')}");
        }

        text.Append('\n');

        char Flag(int bit, char name) => (pstate >> bit & 1) != 0 ? name : '-';
    }
}
