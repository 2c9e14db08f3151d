namespace Arm64Vm.Isa.Disassembly;

/// <summary>Data processing on registers.</summary>
internal static class DataProcessingRegisterText
{
    public static void Write(ref A64TextWriter w, in A64Instruction i)
    {
        switch (A64Opcodes.Group(i.Opcode))
        {
            case A64Group.TwoSource:
                WriteTwoSource(ref w, i);
                break;
            case A64Group.OneSource:
                w.Start(i.Opcode);
                w.Register(i.Rd, i.Sf);
                w.Register(i.Rn, i.Sf);
                break;
            case A64Group.PointerAuthentication:
                w.Start(i.Opcode);
                w.Register(i.Rd, true);
                // PACIZA and the like use zero, XPAC nothing.
                if (i.Bits(15, 13) == 0)
                    w.RegisterOrSp(i.Rn, true);
                break;
            case A64Group.LogicalShifted:
            case A64Group.AddSubShifted:
                WriteShifted(ref w, i);
                break;
            case A64Group.AddSubExtended:
                WriteExtended(ref w, i);
                break;
            case A64Group.AddSubCarry:
                bool negates = i.Bit(30) && i.Rn == 31;
                if (negates)
                    w.Start(i.Bit(29) ? "ngcs" : "ngc");
                else
                    w.Start(i.Opcode);
                w.Register(i.Rd, i.Sf);
                if (!negates)
                    w.Register(i.Rn, i.Sf);
                w.Register(i.Rm, i.Sf);
                break;
            case A64Group.FlagManipulation:
                w.Start(i.Opcode);
                bool isRmif = i.Opcode == A64Opcode.Rmif;
                w.Register(i.Rn, isRmif);
                if (isRmif)
                {
                    w.Decimal(i.Bits(20, 15));
                    w.Decimal(i.Nzcv);
                }

                break;
            case A64Group.ConditionalCompare:
                w.Start(i.Opcode);
                w.Register(i.Rn, i.Sf);
                if (i.Opcode is A64Opcode.CcmnImmediate or A64Opcode.CcmpImmediate)
                    w.Hex(i.Imm5);
                else
                    w.Register(i.Rm, i.Sf);
                w.Hex((ulong)i.Nzcv);
                w.Condition(i.Cond);
                break;
            case A64Group.ConditionalSelect:
                WriteConditionalSelect(ref w, i);
                break;
            default:
                WriteThreeSource(ref w, i);
                break;
        }
    }

    private static void WriteTwoSource(ref A64TextWriter w, in A64Instruction i)
    {
        switch (i.Opcode)
        {
            case A64Opcode.Lslv:
            case A64Opcode.Lsrv:
            case A64Opcode.Asrv:
            case A64Opcode.Rorv:
                w.Start(i.Opcode switch { A64Opcode.Lslv => "lsl", A64Opcode.Lsrv => "lsr", A64Opcode.Asrv => "asr", _ => "ror" });
                break;
            case A64Opcode.Crc32:
            case A64Opcode.Crc32c:
                w.Start(i.Opcode == A64Opcode.Crc32 ? "crc32" : "crc32c");
                w.Append("bhwx"[(int)i.Bits(11, 10)]);
                w.Register(i.Rd, false);
                w.Register(i.Rn, false);
                w.Register(i.Rm, i.Sf);
                return;
            case A64Opcode.Pacga:
                w.Start(i.Opcode);
                w.Register(i.Rd, true);
                w.Register(i.Rn, true);
                w.RegisterOrSp(i.Rm, true);
                return;
            case A64Opcode.Subp:
            case A64Opcode.Subps:
                bool isCompare = i.Opcode == A64Opcode.Subps && i.Rd == 31;
                w.Start(isCompare ? "cmpp" : i.Opcode == A64Opcode.Subps ? "subps" : "subp");
                if (!isCompare)
                    w.Register(i.Rd, true);
                w.RegisterOrSp(i.Rn, true);
                w.RegisterOrSp(i.Rm, true);
                return;
            case A64Opcode.Irg:
                w.Start(i.Opcode);
                w.RegisterOrSp(i.Rd, true);
                w.RegisterOrSp(i.Rn, true);
                if (i.Rm != 31)
                    w.Register(i.Rm, true);
                return;
            case A64Opcode.Gmi:
                w.Start(i.Opcode);
                w.Register(i.Rd, true);
                w.RegisterOrSp(i.Rn, true);
                w.Register(i.Rm, true);
                return;
            default:
                w.Start(i.Opcode);
                break;
        }

        w.Register(i.Rd, i.Sf);
        w.Register(i.Rn, i.Sf);
        w.Register(i.Rm, i.Sf);
    }

    private static void WriteShifted(ref A64TextWriter w, in A64Instruction i)
    {
        bool isUnshifted = i.Shift == 0 && i.Imm6 == 0;
        (string? alias, bool hasRd, bool hasRn) = i.Opcode switch
        {
            A64Opcode.OrrShifted when i.Rn == 31 && isUnshifted => ("mov", true, false),
            A64Opcode.OrnShifted when i.Rn == 31 => ("mvn", true, false),
            A64Opcode.AndsShifted when i.Rd == 31 => ("tst", false, true),
            A64Opcode.AddsShifted when i.Rd == 31 => ("cmn", false, true),
            A64Opcode.SubsShifted when i.Rd == 31 => ("cmp", false, true),
            A64Opcode.SubShifted when i.Rn == 31 => ("neg", true, false),
            A64Opcode.SubsShifted when i.Rn == 31 => ("negs", true, false),
            _ => (null, true, true),
        };
        if (alias != null)
            w.Start(alias);
        else
            w.Start(i.Opcode);
        if (hasRd)
            w.Register(i.Rd, i.Sf);
        if (hasRn)
            w.Register(i.Rn, i.Sf);
        w.Register(i.Rm, i.Sf);
        if (!isUnshifted)
            w.Shift(i.Shift, i.Imm6);
    }

    private static void WriteExtended(ref A64TextWriter w, in A64Instruction i)
    {
        bool setsFlags = i.Bit(29);
        AddSubText.WriteMnemonic(ref w, i);
        w.Register(i.Rm, i.Sf && (i.Option & 3) == 3);
        // With the stack pointer, the extension that changes nothing is LSL.
        bool usesSp = i.Rn == 31 || (!setsFlags && i.Rd == 31);
        if (usesSp && i.Option == (i.Sf ? 3 : 2))
        {
            if (i.Imm3 != 0)
                w.Shift(0, i.Imm3);
            return;
        }

        w.Text(LoadStoreText.ExtendName(i.Option));
        if (i.Imm3 != 0)
        {
            w.Append(" #");
            w.AppendDecimal(i.Imm3);
        }
    }

    private static void WriteConditionalSelect(ref A64TextWriter w, in A64Instruction i)
    {
        // CINC, CSET and the like need a condition that can be inverted.
        bool isAlias = i.Rn == i.Rm && i.Cond < 14 && i.Opcode != A64Opcode.Csel;
        if (!isAlias)
        {
            w.Start(i.Opcode);
            w.Register(i.Rd, i.Sf);
            w.Register(i.Rn, i.Sf);
            w.Register(i.Rm, i.Sf);
            w.Condition(i.Cond);
            return;
        }

        bool sets = i.Rn == 31 && i.Opcode != A64Opcode.Csneg;
        w.Start(i.Opcode switch
        {
            A64Opcode.Csinc => sets ? "cset" : "cinc",
            A64Opcode.Csinv => sets ? "csetm" : "cinv",
            _ => "cneg",
        });
        w.Register(i.Rd, i.Sf);
        if (!sets)
            w.Register(i.Rn, i.Sf);
        w.Condition(i.Cond ^ 1);
    }

    private static void WriteThreeSource(ref A64TextWriter w, in A64Instruction i)
    {
        if (i.Opcode is A64Opcode.Smulh or A64Opcode.Umulh)
        {
            w.Start(i.Opcode);
            w.Register(i.Rd, true);
            w.Register(i.Rn, true);
            w.Register(i.Rm, true);
            return;
        }

        bool isLong = i.Opcode is not (A64Opcode.Madd or A64Opcode.Msub);
        if (i.Ra == 31)
        {
            w.Start(i.Opcode switch
            {
                A64Opcode.Madd => "mul",
                A64Opcode.Msub => "mneg",
                A64Opcode.Smaddl => "smull",
                A64Opcode.Smsubl => "smnegl",
                A64Opcode.Umaddl => "umull",
                _ => "umnegl",
            });
        }
        else
        {
            w.Start(i.Opcode);
        }

        w.Register(i.Rd, i.Sf);
        w.Register(i.Rn, i.Sf && !isLong);
        w.Register(i.Rm, i.Sf && !isLong);
        if (i.Ra != 31)
            w.Register(i.Ra, i.Sf);
    }
}
