namespace Arm64Vm.Isa.Disassembly;

/// <summary>Exceptions, hints, barriers, system registers.</summary>
internal static class SystemText
{
    public static void Write(ref A64TextWriter w, in A64Instruction i)
    {
        switch (A64Opcodes.Group(i.Opcode))
        {
            case A64Group.Reserved:
                w.Start(i.Opcode);
                w.Decimal(i.Bits(15, 0));
                break;
            case A64Group.ExceptionGeneration:
                w.Start(i.Opcode);
                if (i.Imm16 != 0 || i.Opcode is not (A64Opcode.Dcps1 or A64Opcode.Dcps2 or A64Opcode.Dcps3))
                    w.Hex(i.Imm16);
                break;
            case A64Group.WaitWithTimeout:
                w.Start(i.Opcode);
                w.Register(i.Rd, true);
                break;
            case A64Group.Hint:
                WriteHint(ref w, i);
                break;
            case A64Group.Barrier:
                WriteBarrier(ref w, i);
                break;
            case A64Group.PStateMove:
                WritePStateMove(ref w, i);
                break;
            case A64Group.SystemInstruction:
                WriteSystem(ref w, i);
                break;
            case A64Group.SystemRegisterMove:
                bool isRead = i.Opcode == A64Opcode.Mrs;
                w.Start(i.Opcode);
                if (isRead)
                    w.Register(i.Rt, true);
                w.Separate();
                SystemRegister(ref w, i.SystemRegister, !isRead);
                if (!isRead)
                    w.Register(i.Rt, true);
                break;
            default:
                w.Start(i.Opcode);
                break;
        }
    }

    private static void SystemRegister(ref A64TextWriter w, ushort encoding, bool write)
    {
        if (SystemRegisterNames.Find(encoding, write) is { } name)
        {
            w.AppendLower(name);
            return;
        }

        w.Append('s');
        w.AppendDecimal(encoding >> 14);
        w.Append('_');
        w.AppendDecimal((encoding >> 11) & 7);
        w.Append("_c");
        w.AppendDecimal((encoding >> 7) & 15);
        w.Append("_c");
        w.AppendDecimal((encoding >> 3) & 15);
        w.Append('_');
        w.AppendDecimal(encoding & 7);
    }

    private static void WriteHint(ref A64TextWriter w, in A64Instruction i)
    {
        switch (i.Opcode)
        {
            case A64Opcode.PsbCsync:
            case A64Opcode.TsbCsync:
                w.Start(i.Opcode);
                w.Text("csync");
                break;
            case A64Opcode.Bti:
                w.Start(i.Opcode);
                if (i.Bits(7, 6) != 0)
                    w.Text(i.Bits(7, 6) switch { 1 => "c", 2 => "j", _ => "jc" });
                break;
            case A64Opcode.Hint:
            case A64Opcode.Dgh:
                if (i.HintNumber == 22)
                {
                    w.Start("clearbhb");
                    break;
                }

                w.Start("hint");
                w.Hex((ulong)i.HintNumber);
                break;
            default:
                w.Start(i.Opcode);
                break;
        }
    }

    private static void WriteBarrier(ref A64TextWriter w, in A64Instruction i)
    {
        switch (i.Opcode)
        {
            case A64Opcode.Clrex:
            case A64Opcode.Isb:
                w.Start(i.Opcode);
                if (i.CRm != 15)
                    w.Hex((ulong)i.CRm);
                break;
            case A64Opcode.Dsb:
            case A64Opcode.Dmb:
                w.Start(i.Opcode);
                w.Separate();
                if ((i.CRm & 3) != 0)
                {
                    string suffix = (i.CRm & 3) switch { 1 => "ld", 2 => "st", _ => "" };
                    // LD and ST alone mean the full system.
                    if (i.CRm < 12 || suffix.Length == 0)
                        w.Append(Domain(i.CRm >> 2));
                    w.Append(suffix);
                }
                else
                {
                    w.Append("#0x0");
                    w.Append("048c"[i.CRm >> 2]);
                }

                break;
            case A64Opcode.DsbNxs:
                w.Start("dsb");
                w.Text(Domain(i.CRm >> 2));
                w.Append("nxs");
                break;
            default:
                w.Start(i.Opcode);
                break;
        }
    }

    /// <summary>Shareability domain.</summary>
    private static string Domain(int domain) => domain switch { 0 => "osh", 1 => "nsh", 2 => "ish", _ => "sy" };

    private static void WritePStateMove(ref A64TextWriter w, in A64Instruction i)
    {
        int field = (i.Op1 << 3) | i.Op2;
        (string? name, int maximum) = field switch
        {
            0x03 => ("uao", 1),
            0x04 => ("pan", 1),
            0x05 => ("spsel", 1),
            0x08 => ("allint", 1),
            0x19 => ("ssbs", 1),
            0x1a => ("dit", 1),
            0x1c => ("tco", 1),
            0x1e => ("daifset", 15),
            0x1f => ("daifclr", 15),
            _ => ((string?)null, 0),
        };
        if (i.Opcode != A64Opcode.MsrImmediate && i.CRm == 0)
        {
            w.Start(i.Opcode);
            return;
        }

        w.Start("msr");
        if (name != null && i.CRm <= maximum)
        {
            w.Text(name);
            w.Hex((ulong)i.CRm);
            return;
        }

        w.Separate();
        SystemRegister(ref w, (ushort)((i.Word >> 5) & 0x3fff), true);
        w.Register(i.Rt, true);
    }

    private static void WriteSystem(ref A64TextWriter w, in A64Instruction i)
    {
        bool hasResult = i.Opcode == A64Opcode.Sysl;
        if (!hasResult && SystemRegisterNames.FindInstruction((int)i.Bits(18, 5)) is { } name)
        {
            int space = name.IndexOf(' ', StringComparison.Ordinal);
            int comma = name.IndexOf(',', StringComparison.Ordinal);
            w.AppendLower(name.AsSpan(0, space));
            w.Separate();
            w.AppendLower(name.AsSpan(space + 1, (comma < 0 ? name.Length : comma) - space - 1));
            if (comma >= 0)
                w.Register(i.Rt, true);
            return;
        }

        w.Start(i.Opcode);
        if (hasResult)
            w.Register(i.Rt, true);
        w.Decimal(i.Op1);
        w.Text("C");
        w.AppendDecimal(i.CRn);
        w.Text("C");
        w.AppendDecimal(i.CRm);
        w.Decimal(i.Op2);
        if (!hasResult && i.Rt != 31)
            w.Register(i.Rt, true);
    }
}
