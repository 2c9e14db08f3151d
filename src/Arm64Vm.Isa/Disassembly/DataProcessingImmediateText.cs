namespace Arm64Vm.Isa.Disassembly;

/// <summary>Data processing with an immediate.</summary>
internal static class DataProcessingImmediateText
{
    public static void Write(ref A64TextWriter w, in A64Instruction i, ulong pc)
    {
        switch (A64Opcodes.Group(i.Opcode))
        {
            case A64Group.PcRelative:
                bool isPage = i.Opcode == A64Opcode.Adrp;
                w.Start(i.Opcode);
                w.Register(i.Rd, true);
                w.Address(isPage ? (pc & ~0xffful) + (ulong)(i.ImmAdr << 12) : pc + (ulong)i.ImmAdr);
                break;
            case A64Group.AddSubImmediate:
                WriteAddSub(ref w, i);
                break;
            case A64Group.AddSubTags:
                w.Start(i.Opcode);
                w.RegisterOrSp(i.Rd, true);
                w.RegisterOrSp(i.Rn, true);
                w.Hex(i.Bits(21, 16) * 16);
                w.Hex(i.Bits(13, 10));
                break;
            case A64Group.MinMaxImmediate:
                bool isSigned = i.Opcode is A64Opcode.SmaxImmediate or A64Opcode.SminImmediate;
                w.Start(i.Opcode);
                w.Register(i.Rd, i.Sf);
                w.Register(i.Rn, i.Sf);
                w.Decimal(isSigned ? i.SignedBits(17, 10) : i.Bits(17, 10));
                break;
            case A64Group.LogicalImmediate:
                WriteLogical(ref w, i);
                break;
            case A64Group.MoveWide:
                WriteMoveWide(ref w, i);
                break;
            case A64Group.Bitfield:
                BitfieldText.Write(ref w, i);
                break;
            default:
                bool isRotate = i.Rn == i.Rm;
                w.Start(isRotate ? "ror" : "extr");
                w.Register(i.Rd, i.Sf);
                w.Register(i.Rn, i.Sf);
                if (!isRotate)
                    w.Register(i.Rm, i.Sf);
                w.Decimal(i.ImmS);
                break;
        }
    }

    private static void WriteAddSub(ref A64TextWriter w, in A64Instruction i)
    {
        if (i.Opcode == A64Opcode.AddImmediate && i.Imm12 == 0 && !i.Sh && (i.Rd == 31 || i.Rn == 31))
        {
            w.Start("mov");
            w.RegisterOrSp(i.Rd, i.Sf);
            w.RegisterOrSp(i.Rn, i.Sf);
            return;
        }

        AddSubText.WriteMnemonic(ref w, i);
        w.Hex(i.Imm12);
        if (i.Sh)
            w.Shift(0, 12);
    }

    private static void WriteLogical(ref A64TextWriter w, in A64Instruction i)
    {
        A64Immediates.TryDecodeBitMask(i.Sf, i.N, i.ImmR, i.ImmS, out ulong mask);
        if (i.Opcode == A64Opcode.AndsImmediate && i.Rd == 31)
        {
            w.Start("tst");
            w.Register(i.Rn, i.Sf);
            w.Hex(mask);
            return;
        }

        if (i.Opcode == A64Opcode.OrrImmediate && i.Rn == 31 && (i.Rd == 31 || !IsMoveWide(mask, i.Sf)))
        {
            w.Start("mov");
            w.RegisterOrSp(i.Rd, i.Sf);
            w.Hex(mask);
            w.DecimalComment(i.Sf ? (long)mask : (int)mask);
            return;
        }

        w.Start(i.Opcode);
        if (i.Opcode == A64Opcode.AndsImmediate)
            w.Register(i.Rd, i.Sf);
        else
            w.RegisterOrSp(i.Rd, i.Sf);
        w.Register(i.Rn, i.Sf);
        w.Hex(mask);
    }

    /// <summary>True where MOVZ or MOVN makes the value: then an assembler would not choose ORR for MOV, except to SP.</summary>
    private static bool IsMoveWide(ulong value, bool is64Bit)
    {
        ulong all = is64Bit ? ulong.MaxValue : uint.MaxValue;
        for (int shift = 0; shift < (is64Bit ? 64 : 32); shift += 16)
        {
            ulong others = all & ~(0xfffful << shift);
            if ((value & others) == 0 || (~value & others) == 0)
                return true;
        }

        return false;
    }

    private static void WriteMoveWide(ref A64TextWriter w, in A64Instruction i)
    {
        int shift = 16 * i.Hw;
        // The alias has one notation for every value: not a shifted zero, and not what the other of MOVZ and MOVN makes of 32 bits.
        bool isMove = i.Opcode != A64Opcode.Movk && (i.Imm16 != 0 || i.Hw == 0) && !(i.Opcode == A64Opcode.Movn && !i.Sf && i.Imm16 == 0xffff);
        if (isMove)
        {
            ulong value = (ulong)i.Imm16 << shift;
            if (i.Opcode == A64Opcode.Movn)
                value = ~value;
            if (!i.Sf)
                value = (uint)value;
            w.Start("mov");
            w.Register(i.Rd, i.Sf);
            w.Hex(value);
            w.DecimalComment(i.Sf ? (long)value : (int)value);
            return;
        }

        w.Start(i.Opcode);
        w.Register(i.Rd, i.Sf);
        w.Hex(i.Imm16);
        if (shift != 0)
            w.Shift(0, shift);
    }
}
