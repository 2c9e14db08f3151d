namespace Arm64Vm.Isa.Disassembly;

/// <summary>Loads, stores and prefetches of general and SIMD&amp;FP registers.</summary>
internal static class LoadStoreText
{
    public static void Write(ref A64TextWriter w, in A64Instruction i, ulong pc)
    {
        switch (A64Opcodes.Group(i.Opcode))
        {
            case A64Group.LoadLiteral:
            case A64Group.SimdLoadLiteral:
                WriteLiteral(ref w, i, pc);
                break;
            case A64Group.LoadStorePair:
            case A64Group.SimdLoadStorePair:
                WritePair(ref w, i);
                break;
            default:
                WriteSingle(ref w, i);
                break;
        }
    }

    public static string ExtendName(int option) => option switch
    {
        0 => "uxtb",
        1 => "uxth",
        2 => "uxtw",
        3 => "uxtx",
        4 => "sxtb",
        5 => "sxth",
        6 => "sxtw",
        _ => "sxtx",
    };

    /// <summary>A base register with 1: post-, 3: pre-index, else a plain offset.</summary>
    public static void Indexed(ref A64TextWriter w, int baseRegister, int offset, int mode)
    {
        w.Memory(baseRegister, mode == 1 ? 0 : offset, mode == 3);
        if (mode == 1)
            w.Decimal(offset);
    }

    private static void WriteLiteral(ref A64TextWriter w, in A64Instruction i, ulong pc)
    {
        w.Start(i.Opcode);
        switch (i.Opcode)
        {
            case A64Opcode.LdrLiteral:
                w.Register(i.Rt, i.Bit(30));
                break;
            case A64Opcode.LdrswLiteral:
                w.Register(i.Rt, true);
                break;
            case A64Opcode.PrfmLiteral:
                Prefetch(ref w, i.Rt);
                break;
            default:
                w.Scalar(i.Rt, i.AccessSize + 2);
                break;
        }

        w.Address(pc + (ulong)i.Imm19Offset);
    }

    private static void WritePair(ref A64TextWriter w, in A64Instruction i)
    {
        bool isSimd = i.Bit(26);
        bool isLoad = i.Bit(22);
        int mode = (int)i.Bits(24, 23);
        bool isSignedWord = !isSimd && i.AccessSize == 1;
        w.Start(isLoad ? "ld" : "st");
        w.Append(mode == 0 ? "np" : "p");
        if (isSignedWord)
            w.Append("sw");
        int log2;
        if (isSimd)
        {
            log2 = i.AccessSize + 2;
            w.Scalar(i.Rt, log2);
            w.Scalar(i.Rt2, log2);
        }
        else
        {
            log2 = i.AccessSize == 2 ? 3 : 2;
            bool is64 = i.AccessSize != 0;
            w.Register(i.Rt, is64);
            w.Register(i.Rt2, is64);
        }

        Indexed(ref w, i.Rn, i.Imm7 << log2, mode);
    }

    private static void WriteSingle(ref A64TextWriter w, in A64Instruction i)
    {
        bool isUnsignedOffset = i.Bit(24);
        bool isRegister = !isUnsignedOffset && i.Bit(21);
        int mode = (int)i.Bits(11, 10);
        bool isIndexed = !isUnsignedOffset && !isRegister && (mode & 1) != 0;
        bool isUnprivileged = !isUnsignedOffset && !isRegister && mode == 2;
        bool isUnscaled = !isUnsignedOffset && !isRegister && mode == 0;
        string middle = isUnprivileged ? "tr" : isUnscaled ? "ur" : "r";
        int log2;
        if (i.Bit(26))
        {
            log2 = i.AccessSize + (i.Bit(23) ? 4 : 0);
            w.Start(i.Bit(22) ? "ld" : "st");
            w.Append(middle);
            w.Scalar(i.Rt, log2);
        }
        else if (i.AccessSize == 3 && i.Opc == 2)
        {
            log2 = 3;
            w.Start(isUnscaled ? "prfum" : "prfm");
            Prefetch(ref w, i.Rt);
        }
        else
        {
            log2 = i.AccessSize;
            w.Start(i.Opc == 0 ? "st" : "ld");
            w.Append(middle);
            if (i.Opc >= 2)
                w.Append('s');
            if (log2 < 2)
                w.Append(log2 == 0 ? 'b' : 'h');
            else if (i.Opc == 2)
                w.Append('w');
            w.Register(i.Rt, log2 == 3 || i.Opc == 2);
        }

        if (isRegister)
            WriteRegisterOffset(ref w, i, log2);
        else if (isUnsignedOffset)
            w.Memory(i.Rn, (long)i.Imm12 << log2);
        else
            Indexed(ref w, i.Rn, i.Imm9, isIndexed ? mode : 0);
    }

    private static void WriteRegisterOffset(ref A64TextWriter w, in A64Instruction i, int log2)
    {
        bool isScaled = i.Bit(12);
        w.Separate();
        w.Append('[');
        w.AppendRegisterOrSp(i.Rn, true);
        w.Append(", ");
        w.AppendRegister(i.Rm, (i.Option & 1) != 0);
        if (i.Option != 3 || isScaled)
        {
            w.Append(", ");
            w.Append(i.Option == 3 ? "lsl" : ExtendName(i.Option));
            // An access of one byte can only be shifted by 0, and says so.
            if (isScaled)
            {
                w.Append(" #");
                w.AppendDecimal(log2);
            }
        }

        w.Append(']');
    }

    private static void Prefetch(ref A64TextWriter w, int operation)
    {
        int type = operation >> 3;
        int target = (operation >> 1) & 3;
        if (type == 3 || target == 3)
        {
            w.Separate();
            w.Append("#0x");
            w.Append("01"[operation >> 4]);
            w.Append("0123456789abcdef"[operation & 15]);
            return;
        }

        w.Text(type switch { 0 => "pld", 1 => "pli", _ => "pst" });
        w.Append('l');
        w.Append("123"[target]);
        w.Append((operation & 1) == 0 ? "keep" : "strm");
    }
}
