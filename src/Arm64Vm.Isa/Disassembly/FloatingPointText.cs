namespace Arm64Vm.Isa.Disassembly;

/// <summary>Scalar floating-point.</summary>
internal static class FloatingPointText
{
    /// <summary>log2 of the bytes of a register, by ftype.</summary>
    private static int Log2(int ftype) => ftype switch { 0 => 2, 1 => 3, 3 => 1, _ => 4 };

    public static void Write(ref A64TextWriter w, in A64Instruction i)
    {
        int size = Log2(i.FType);
        switch (A64Opcodes.Group(i.Opcode))
        {
            case A64Group.FloatingPointFixedPoint:
                w.Start(i.Opcode);
                bool fromInteger = i.Bit(17);
                ToOrFrom(ref w, i, size, fromInteger);
                w.Decimal(64 - i.ImmS);
                break;
            case A64Group.FloatingPointInteger:
                WriteInteger(ref w, i, size);
                break;
            case A64Group.FloatingPointOneSource:
                w.Start(i.Opcode);
                w.Scalar(i.Rd, i.Opcode switch { A64Opcode.Fcvt => Log2((int)i.Bits(16, 15)), A64Opcode.Bfcvt => 1, _ => size });
                w.Scalar(i.Rn, i.Opcode == A64Opcode.Bfcvt ? 2 : size);
                break;
            case A64Group.FloatingPointCompare:
                w.Start(i.Opcode);
                w.Scalar(i.Rn, size);
                if (i.Opcode is A64Opcode.Fccmp or A64Opcode.Fccmpe)
                {
                    w.Scalar(i.Rm, size);
                    w.Hex((ulong)i.Nzcv);
                    w.Condition(i.Cond);
                }
                else if (i.Bit(3))
                {
                    w.Text("#0.0");
                }
                else
                {
                    w.Scalar(i.Rm, size);
                }

                break;
            case A64Group.FloatingPointImmediate:
                w.Start(i.Opcode);
                w.Scalar(i.Rd, size);
                w.FloatingPointImmediate(i.Imm8);
                break;
            default:
                w.Start(i.Opcode);
                w.Scalar(i.Rd, size);
                w.Scalar(i.Rn, size);
                w.Scalar(i.Rm, size);
                if (i.Opcode == A64Opcode.Fcsel)
                    w.Condition(i.Cond);
                else if (A64Opcodes.Group(i.Opcode) == A64Group.FloatingPointThreeSource)
                    w.Scalar(i.Ra, size);
                break;
        }
    }

    private static void ToOrFrom(ref A64TextWriter w, in A64Instruction i, int size, bool fromInteger)
    {
        if (fromInteger)
        {
            w.Scalar(i.Rd, size);
            w.Register(i.Rn, i.Sf);
        }
        else
        {
            w.Register(i.Rd, i.Sf);
            w.Scalar(i.Rn, size);
        }
    }

    private static void WriteInteger(ref A64TextWriter w, in A64Instruction i, int size)
    {
        w.Start(i.Opcode);
        if (i.Opcode == A64Opcode.FmovGeneral)
        {
            bool fromInteger = i.Bit(16);
            if (i.FType == 2)
            {
                if (!fromInteger)
                    w.Register(i.Rd, true);
                w.Element(fromInteger ? i.Rd : i.Rn, 3, 1);
                if (fromInteger)
                    w.Register(i.Rn, true);
                return;
            }

            ToOrFrom(ref w, i, size, fromInteger);
            return;
        }

        ToOrFrom(ref w, i, size, i.Opcode is A64Opcode.ScvtfGeneral or A64Opcode.UcvtfGeneral);
    }
}
