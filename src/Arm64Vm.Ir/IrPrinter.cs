using System.Globalization;
using System.Text;

namespace Arm64Vm.Ir;

/// <summary>Readable text of a region, one instruction a line, for dumps, tests and error messages.</summary>
internal static class IrPrinter
{
    public static string Print(IrRegion region)
    {
        var text = new StringBuilder();
        int number = 0;
        foreach (ref readonly IrBlock block in region.Blocks)
        {
            text.Append(CultureInfo.InvariantCulture, $"block {number++} at {Offset(block.GuestOffset)}:\n");
            for (int index = block.First; index < block.End; index++)
                text.Append("  ").Append(Print(region[index], index)).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>One instruction; <paramref name="index"/> names its result.</summary>
    public static string Print(in IrInst i, int index)
    {
        var text = new StringBuilder();
        if (i.Type != IrType.Void)
            text.Append(CultureInfo.InvariantCulture, $"%{index} = ");
        text.Append(i.Op);
        if (i.Type is not (IrType.Void or IrType.Flags))
            text.Append('.').Append(i.Type);
        if (i.Size != 0)
            text.Append(CultureInfo.InvariantCulture, $".{i.Size}");
        if (IrOps.IsVector(i.Op) || IrOps.IsFloat(i.Op))
            text.Append('.').Append(i.Shape);

        char separator = ' ';
        if (IrOps.IsMemory(i.Op))
        {
            text.Append(CultureInfo.InvariantCulture, $" [%{i.A}");
            if (i.Imm != 0 && i.Op != IrOp.AtomicRmw)
                text.Append(CultureInfo.InvariantCulture, $"{(long)i.Imm:+0;-0}");
            text.Append(']');
            separator = ',';
        }
        else
        {
            AppendOperand(text, i.A, ref separator);
        }

        AppendOperand(text, i.B, ref separator);
        AppendOperand(text, i.C, ref separator);
        AppendOperand(text, i.D, ref separator);
        AppendImmediates(text, i);
        return text.ToString();
    }

    private static void AppendOperand(StringBuilder text, ushort value, ref char separator)
    {
        if (value == 0)
            return;
        text.Append(separator == ' ' ? " " : ", ").Append(CultureInfo.InvariantCulture, $"%{value}");
        separator = ',';
    }

    private static void AppendImmediates(StringBuilder text, in IrInst i)
    {
        string state = i.Aux == 31 ? "sp" : string.Create(CultureInfo.InvariantCulture, $"x{i.Aux}");
        switch (i.Op)
        {
            case IrOp.GetX or IrOp.SetX:
                text.Append(i.Op == IrOp.GetX ? " " : " -> ").Append(state);
                break;
            case IrOp.GetV or IrOp.SetV:
                text.Append(i.Op == IrOp.GetV ? " " : " -> ").Append(CultureInfo.InvariantCulture, $"v{i.Aux}");
                break;
            case IrOp.Load or IrOp.Store or IrOp.LoadPair or IrOp.StorePair or IrOp.LoadExclusive or IrOp.StoreExclusive:
                if (i.Aux != 0)
                    text.Append(" {").Append((MemoryFlags)i.Aux).Append('}');
                break;
            case IrOp.AtomicRmw:
                text.Append(" {").Append((AtomicOperation)i.Imm).Append('}');
                break;
            case IrOp.Select or IrOp.CondCompare or IrOp.CondCompareNegative or IrOp.BranchCond:
                text.Append(" if ").Append(i.Condition);
                if (i.Op == IrOp.BranchCond)
                    AppendTargets(text, i.Imm);
                else if (i.Imm != 0)
                    text.Append(CultureInfo.InvariantCulture, $" else #{i.Imm:x}");
                break;
            case >= IrOp.LeaveCond and <= IrOp.LeaveBitSet:
                SideExit exit = new(i.Imm);
                text.Append(i.Op == IrOp.LeaveCond ? $" if {i.Condition}" : i.Op >= IrOp.LeaveBitClear ? string.Create(CultureInfo.InvariantCulture, $" bit {i.Aux}") : string.Empty);
                text.Append(" to ").Append(Offset(exit.Target)).Append(exit.FlagsAreDead ? " flags dead" : string.Empty);
                break;
            case IrOp.Jump:
                text.Append(" to ").Append(Offset((int)i.Imm)).Append(i.Aux != 0 ? " polls" : "");
                break;
            case >= IrOp.BranchZero and <= IrOp.BranchBitSet:
                if (i.Op >= IrOp.BranchBitClear)
                    text.Append(CultureInfo.InvariantCulture, $" bit {i.Aux}");
                AppendTargets(text, i.Imm);
                break;
            case IrOp.Call or IrOp.CallRegister:
                AppendTargets(text, i.Imm);
                break;
            case IrOp.Exit or IrOp.ExitAfter:
                text.Append(CultureInfo.InvariantCulture, $" {(ExitReason)i.Aux} #0x{i.Imm:x}");
                break;
            default:
                if (i.Aux != 0)
                    text.Append(CultureInfo.InvariantCulture, $" @{i.Aux}");
                if (i.Imm != 0 || i.Op == IrOp.Const)
                    text.Append(CultureInfo.InvariantCulture, $" #0x{i.Imm:x}");
                break;
        }
    }

    private static void AppendTargets(StringBuilder text, ulong targets) =>
        text.Append(" to ").Append(Offset((int)targets)).Append(" else ").Append(Offset((int)(targets >> 32)));

    private static string Offset(int offset) => string.Create(CultureInfo.InvariantCulture, $"{(offset < 0 ? "-" : "+")}0x{Math.Abs((long)offset):x}");
}
