namespace Arm64Vm.Isa.Disassembly;

/// <summary>Exclusives, ordered accesses, LSE atomics, memory tags, authenticated loads.</summary>
internal static class AtomicText
{
    public static void Write(ref A64TextWriter w, in A64Instruction i)
    {
        switch (A64Opcodes.Group(i.Opcode))
        {
            case A64Group.LoadStoreExclusive:
                WriteExclusive(ref w, i);
                break;
            case A64Group.LoadStoreOrdered:
                WriteOrdered(ref w, i);
                break;
            case A64Group.CompareAndSwap:
                WriteCompareAndSwap(ref w, i);
                break;
            case A64Group.AtomicMemory:
                WriteAtomic(ref w, i);
                break;
            case A64Group.MemoryTags:
                WriteTags(ref w, i);
                break;
            case A64Group.MemoryCopySet:
                WriteCopySet(ref w, i);
                break;
            default:
                w.Start(i.Opcode);
                w.Register(i.Rt, true);
                long offset = ((i.Bit(22) ? -512 : 0) + (long)i.Bits(20, 12)) * 8;
                if (offset == 0 && i.Bit(11))
                {
                    w.Memory(i.Rn, 0);
                    w.Append('!');
                }
                else
                {
                    w.Memory(i.Rn, offset, i.Bit(11));
                }

                break;
        }
    }

    private static void SizeSuffix(ref A64TextWriter w, int size)
    {
        if (size < 2)
            w.Append(size == 0 ? 'b' : 'h');
    }

    private static void WriteExclusive(ref A64TextWriter w, in A64Instruction i)
    {
        bool isPair = i.Bit(21);
        bool isLoad = i.Bit(22);
        bool isOrdered = i.Bit(15);
        bool is64 = i.AccessSize == 3;
        w.Start(isLoad ? isOrdered ? "lda" : "ld" : isOrdered ? "stl" : "st");
        w.Append(isPair ? "xp" : "xr");
        if (!isPair)
            SizeSuffix(ref w, i.AccessSize);
        if (!isLoad)
            w.Register(i.Rs, false);
        w.Register(i.Rt, is64);
        if (isPair)
            w.Register(i.Rt2, is64);
        w.Memory(i.Rn, 0);
    }

    private static void WriteOrdered(ref A64TextWriter w, in A64Instruction i)
    {
        bool is64 = i.AccessSize == 3;
        int offset = 0;
        switch (i.Opcode)
        {
            case A64Opcode.Ldaprb:
            case A64Opcode.Ldaprh:
            case A64Opcode.Ldapr:
                w.Start("ldapr");
                break;
            case A64Opcode.Stlur:
                w.Start("stlur");
                offset = i.Imm9;
                break;
            case A64Opcode.Ldapur:
                w.Start("ldapur");
                offset = i.Imm9;
                break;
            case A64Opcode.Ldapurs:
                w.Start("ldapurs");
                w.Append("bhw"[i.AccessSize]);
                w.Register(i.Rt, !i.Bit(22));
                w.Memory(i.Rn, i.Imm9);
                return;
            default:
                w.Start(i.Opcode switch { A64Opcode.Stllr => "stllr", A64Opcode.Stlr => "stlr", A64Opcode.Ldlar => "ldlar", _ => "ldar" });
                break;
        }

        SizeSuffix(ref w, i.AccessSize);
        w.Register(i.Rt, is64);
        w.Memory(i.Rn, offset);
    }

    private static void WriteCompareAndSwap(ref A64TextWriter w, in A64Instruction i)
    {
        bool isPair = i.Opcode == A64Opcode.Casp;
        bool is64 = isPair ? i.Bit(30) : i.AccessSize == 3;
        w.Start(isPair ? "casp" : "cas");
        Ordering(ref w, i.Bit(22), i.Bit(15));
        if (!isPair)
            SizeSuffix(ref w, i.AccessSize);
        w.Register(i.Rs, is64);
        if (isPair)
            w.Register(i.Rs + 1, is64);
        w.Register(i.Rt, is64);
        if (isPair)
            w.Register(i.Rt + 1, is64);
        w.Memory(i.Rn, 0);
    }

    private static void Ordering(ref A64TextWriter w, bool acquire, bool release)
    {
        if (acquire)
            w.Append('a');
        if (release)
            w.Append('l');
    }

    private static void WriteAtomic(ref A64TextWriter w, in A64Instruction i)
    {
        bool is64 = i.AccessSize == 3;
        bool isSwap = i.Bit(15);
        // Without result and acquire, LDADD is STADD.
        bool isStore = !isSwap && i.Rt == 31 && !i.AtomicAcquire;
        if (isSwap)
            w.Start("swp");
        else
            w.Start(isStore ? "st" : "ld");
        if (!isSwap)
            w.Append(i.Bits(14, 12) switch { 0 => "add", 1 => "clr", 2 => "eor", 3 => "set", 4 => "smax", 5 => "smin", 6 => "umax", _ => "umin" });
        Ordering(ref w, i.AtomicAcquire, i.AtomicRelease);
        SizeSuffix(ref w, i.AccessSize);
        w.Register(i.Rs, is64);
        if (!isStore)
            w.Register(i.Rt, is64);
        w.Memory(i.Rn, 0);
    }

    /// <summary>The size register is written with an exclamation mark, and so is the one that has the source's address.</summary>
    private static void WriteCopySet(ref A64TextWriter w, in A64Instruction i)
    {
        bool isSet = i.Opcode == A64Opcode.Set;
        w.Start(i.Opcode switch { A64Opcode.Set => "set", A64Opcode.Cpy => "cpy", _ => "cpyf" });
        w.Append("pme"[(int)(isSet ? i.Bits(15, 14) : i.Bits(23, 22))]);
        if (isSet)
        {
            w.Append(i.Bits(13, 12) switch { 0 => "", 1 => "t", 2 => "n", _ => "tn" });
        }
        else
        {
            w.Append(i.Bits(13, 12) switch { 0 => "", 1 => "wt", 2 => "rt", _ => "t" });
            w.Append(i.Bits(15, 14) switch { 0 => "", 1 => "wn", 2 => "rn", _ => "n" });
        }

        WriteUpdated(ref w, i.Rd, isAddress: true);
        if (isSet)
        {
            WriteUpdated(ref w, i.Rn, isAddress: false);
            w.Register(i.Rs, true);
            return;
        }

        WriteUpdated(ref w, i.Rs, isAddress: true);
        WriteUpdated(ref w, i.Rn, isAddress: false);
    }

    private static void WriteUpdated(ref A64TextWriter w, int register, bool isAddress)
    {
        if (isAddress)
        {
            w.Separate();
            w.Append('[');
            w.Append('x');
            w.AppendDecimal(register);
            w.Append(']');
        }
        else
        {
            w.Register(register, true);
        }

        w.Append('!');
    }

    private static void WriteTags(ref A64TextWriter w, in A64Instruction i)
    {
        w.Start(i.Opcode);
        if (i.Opcode == A64Opcode.Stgp)
        {
            w.Register(i.Rt, true);
            w.Register(i.Rt2, true);
            LoadStoreText.Indexed(ref w, i.Rn, i.Imm7 * 16, (int)i.Bits(24, 23));
            return;
        }

        if (i.Opcode is A64Opcode.Ldg or A64Opcode.Ldgm or A64Opcode.Stgm or A64Opcode.Stzgm)
        {
            w.Register(i.Rt, true);
            w.Memory(i.Rn, i.Imm9 * 16);
            return;
        }

        w.RegisterOrSp(i.Rt, true);
        LoadStoreText.Indexed(ref w, i.Rn, i.Imm9 * 16, (int)i.Bits(11, 10));
    }
}
