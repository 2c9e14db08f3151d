using System.Numerics;

namespace Arm64Vm.Isa.Disassembly;

/// <summary>Advanced SIMD copies, permutations, table lookups and modified immediates.</summary>
internal static class SimdCopyText
{
    public static void Write(ref A64TextWriter w, in A64Instruction i)
    {
        switch (A64Opcodes.Group(i.Opcode))
        {
            case A64Group.SimdCopy:
                WriteCopy(ref w, i);
                break;
            case A64Group.SimdTable:
                w.Start(i.Opcode);
                w.Vector(i.Rd, 0, i.Q);
                w.Separate();
                SimdStructureText.RegisterList(ref w, i.Rn, (int)i.Bits(14, 13) + 1, 0, true, -1);
                w.Vector(i.Rm, 0, i.Q);
                break;
            case A64Group.SimdModifiedImmediate:
                WriteImmediate(ref w, i);
                break;
            default:
                w.Start(i.Opcode);
                int size = i.Opcode == A64Opcode.Ext ? 0 : i.Size;
                w.Vector(i.Rd, size, i.Q);
                w.Vector(i.Rn, size, i.Q);
                w.Vector(i.Rm, size, i.Q);
                if (i.Opcode == A64Opcode.Ext)
                    w.Decimal(i.Bits(14, 11));
                break;
        }
    }

    private static void WriteCopy(ref A64TextWriter w, in A64Instruction i)
    {
        uint imm5 = i.Imm5;
        int size = BitOperations.TrailingZeroCount(imm5);
        int index = (int)(imm5 >> (size + 1));
        switch (i.Opcode)
        {
            case A64Opcode.DupElementScalar:
                w.Start("mov");
                w.Scalar(i.Rd, size);
                w.Element(i.Rn, size, index);
                break;
            case A64Opcode.DupElementVector:
                w.Start("dup");
                w.Vector(i.Rd, size, i.Q);
                w.Element(i.Rn, size, index);
                break;
            case A64Opcode.DupGeneral:
                w.Start("dup");
                w.Vector(i.Rd, size, i.Q);
                w.Register(i.Rn, size == 3);
                break;
            case A64Opcode.InsGeneral:
                w.Start("mov");
                w.Element(i.Rd, size, index);
                w.Register(i.Rn, size == 3);
                break;
            case A64Opcode.InsElement:
                w.Start("mov");
                w.Element(i.Rd, size, index);
                w.Element(i.Rn, size, (int)(i.Bits(14, 11) >> size));
                break;
            default:
                w.Start(i.Opcode == A64Opcode.Smov ? "smov" : size >= 2 ? "mov" : "umov");
                w.Register(i.Rd, i.Q);
                w.Element(i.Rn, size, index);
                break;
        }
    }

    private static void WriteImmediate(ref A64TextWriter w, in A64Instruction i)
    {
        uint imm8 = i.ImmAbcdefgh;
        int cmode = i.Cond;
        bool op = i.Bit(29);
        if (i.Opcode != A64Opcode.MoviMvniOrrBic)
        {
            w.Start("fmov");
            w.Vector(i.Rd, i.Opcode == A64Opcode.FmovVectorImmediateHalf ? 1 : op ? 3 : 2, i.Q);
            w.FloatingPointImmediate(imm8);
            return;
        }

        bool isLogical = cmode < 12 && (cmode & 1) != 0;
        w.Start(isLogical ? op ? "bic" : "orr" : op && cmode != 14 ? "mvni" : "movi");
        if (cmode == 14)
        {
            if (!op)
                w.Vector(i.Rd, 0, i.Q);
            else if (i.Q)
                w.Vector(i.Rd, 3, true);
            else
                w.Scalar(i.Rd, 3);
            w.Hex(op ? A64Immediates.ExpandSimdImmediate(1, cmode, imm8) : imm8);
            return;
        }

        w.Vector(i.Rd, cmode is >= 8 and < 12 ? 1 : 2, i.Q);
        w.Hex(imm8);
        int shift = cmode switch { < 8 => (cmode >> 1) * 8, < 12 => ((cmode >> 1) & 1) * 8, 12 => 8, _ => 16 };
        if (cmode >= 12)
        {
            w.Text("msl #");
            w.AppendDecimal(shift);
        }
        else if (shift != 0)
        {
            w.Shift(0, shift);
        }
    }
}
