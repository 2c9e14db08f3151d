namespace Arm64Vm.Isa.Disassembly;

/// <summary>Advanced SIMD with one operand a vector's element.</summary>
internal static class SimdByElementText
{
    public static void Write(ref A64TextWriter w, in A64Instruction i)
    {
        int h = (int)i.Bits(11, 11);
        int l = (int)i.Bits(21, 21);
        int m = (int)i.Bits(20, 20);
        bool isScalar = A64Opcodes.Group(i.Opcode) == A64Group.SimdByElementScalar || i.Bit(28);
        if (i.Opcode == A64Opcode.BfmlalElement)
            w.Start(i.Q ? "bfmlalt" : "bfmlalb");
        else if (i.Opcode == A64Opcode.FmlalElementFp8)
            w.Start(i.Q ? "fmlalt" : "fmlalb");
        else
            w.Start(i.Opcode);
        switch (i.Opcode)
        {
            case A64Opcode.SdotElement:
            case A64Opcode.UdotElement:
            case A64Opcode.SudotElement:
            case A64Opcode.UsdotElement:
                w.Vector(i.Rd, 2, i.Q);
                w.Vector(i.Rn, 0, i.Q);
                Group(ref w, i.Rm, "4b", (h << 1) | l);
                return;
            case A64Opcode.BfdotElement:
                w.Vector(i.Rd, 2, i.Q);
                w.Vector(i.Rn, 1, i.Q);
                Group(ref w, i.Rm, "2h", (h << 1) | l);
                return;
            case A64Opcode.BfmlalElement:
                w.Vector(i.Rd, 2, true);
                w.Vector(i.Rn, 1, true);
                w.Element(i.Rm & 15, 1, (h << 2) | (l << 1) | m);
                return;
            case A64Opcode.FmlalElementFp8:
                w.Vector(i.Rd, 1, true);
                w.Vector(i.Rn, 0, true);
                w.Element(i.Rm & 7, 0, (h << 3) | (int)i.Bits(21, 19));
                return;
            case A64Opcode.FmlalElement:
            case A64Opcode.Fmlal2Element:
            case A64Opcode.FmlslElement:
            case A64Opcode.Fmlsl2Element:
                if (i.U)
                    w.Append('2');
                w.Vector(i.Rd, 2, i.Q);
                SimdText.HalfOfVector(ref w, i.Rn, 1, i.Q);
                w.Element(i.Rm & 15, 1, (h << 2) | (l << 1) | m);
                return;
            case A64Opcode.FcmlaElement:
                w.Vector(i.Rd, i.Size, i.Q);
                w.Vector(i.Rn, i.Size, i.Q);
                w.Element(i.Rm, i.Size, i.Size == 1 ? (h << 1) | l : h);
                w.Decimal(i.Bits(14, 13) * 90);
                return;
        }

        // Floating-point has 1 sz, and 00 for half precision; integers 01 and 10.
        int size = i.Size == 0 ? 1 : i.Size;
        bool isLong = i.Bits(15, 12) is 2 or 3 or 6 or 7 or 10 or 11;
        if (isLong && !isScalar && i.Q)
            w.Append('2');
        if (isScalar)
        {
            w.Scalar(i.Rd, isLong ? size + 1 : size);
            w.Scalar(i.Rn, size);
        }
        else
        {
            w.Vector(i.Rd, isLong ? size + 1 : size, isLong || i.Q);
            w.Vector(i.Rn, size, i.Q);
        }

        switch (size)
        {
            case 1:
                w.Element(i.Rm & 15, 1, (h << 2) | (l << 1) | m);
                break;
            case 2:
                w.Element(i.Rm, 2, (h << 1) | l);
                break;
            default:
                w.Element(i.Rm, 3, h);
                break;
        }
    }

    private static void Group(ref A64TextWriter w, int register, string arrangement, int index)
    {
        w.Separate();
        w.Append('v');
        w.AppendDecimal(register);
        w.Append('.');
        w.Append(arrangement);
        w.AppendIndex(index);
    }
}
