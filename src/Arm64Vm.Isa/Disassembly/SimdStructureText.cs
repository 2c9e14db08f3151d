namespace Arm64Vm.Isa.Disassembly;

/// <summary>LD1–LD4, ST1–ST4 and LD1R–LD4R.</summary>
internal static class SimdStructureText
{
    public static void Write(ref A64TextWriter w, in A64Instruction i)
    {
        A64Group group = A64Opcodes.Group(i.Opcode);
        int size = (int)i.Bits(11, 10);
        int index = -1;
        int count;
        int bytes;
        int structure;
        w.Start(i.Bit(22) ? "ld" : "st");
        if (group == A64Group.SimdLoadStoreMultiple)
        {
            (structure, count) = i.Bits(15, 12) switch
            {
                0 => (4, 4),
                2 => (1, 4),
                4 => (3, 3),
                6 => (1, 3),
                7 => (1, 1),
                8 => (2, 2),
                _ => (1, 2),
            };
            bytes = count * (i.Q ? 16 : 8);
        }
        else
        {
            count = structure = (int)(i.Bits(13, 13) * 2 + i.Bits(21, 21)) + 1;
            int position = ((i.Q ? 1 : 0) << 3) | (int)i.Bits(12, 10);
            if (group == A64Group.SimdLoadStoreSingle)
            {
                (size, index) = i.Bits(15, 14) switch
                {
                    0 => (0, position),
                    1 => (1, position >> 1),
                    _ when size == 0 => (2, position >> 2),
                    _ => (3, position >> 3),
                };
            }

            bytes = count << size;
        }

        w.Append("01234"[structure]);
        if (group == A64Group.SimdLoadReplicate)
            w.Append('r');
        w.Separate();
        RegisterList(ref w, i.Rt, count, size, i.Q, index);
        w.Memory(i.Rn, 0);
        if (!i.Bit(23))
            return;
        if (i.Rm == 31)
            w.Decimal(bytes);
        else
            w.Register(i.Rm, true);
    }

    /// <summary>Three and more registers are a range where they do not wrap.</summary>
    public static void RegisterList(ref A64TextWriter w, int first, int count, int size, bool q, int index)
    {
        w.Append('{');
        if (count > 2 && first + count <= 32)
        {
            ListElement(ref w, first, size, q, index);
            w.Append('-');
            ListElement(ref w, first + count - 1, size, q, index);
        }
        else
        {
            for (int n = 0; n < count; n++)
            {
                if (n > 0)
                    w.Append(", ");
                ListElement(ref w, (first + n) & 31, size, q, index);
            }
        }

        w.Append('}');
        if (index >= 0)
            w.AppendIndex(index);
    }

    private static void ListElement(ref A64TextWriter w, int register, int size, bool q, int index)
    {
        if (index < 0)
        {
            w.AppendVector(register, size, q);
            return;
        }

        w.Append('v');
        w.AppendDecimal(register);
        w.Append('.');
        w.Append("bhsd"[size]);
    }
}
