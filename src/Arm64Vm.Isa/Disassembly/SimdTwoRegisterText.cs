namespace Arm64Vm.Isa.Disassembly;

/// <summary>Advanced SIMD two-register miscellaneous.</summary>
internal static class SimdTwoRegisterText
{
    public static void Write(ref A64TextWriter w, in A64Instruction i)
    {
        switch (A64Opcodes.Group(i.Opcode))
        {
            case A64Group.SimdTwoRegister:
                WriteInteger(ref w, i);
                break;
            case A64Group.SimdTwoRegisterScalar:
                bool narrows = i.Bits(16, 12) is 0x12 or 0x14;
                w.Start(i.Opcode);
                w.Scalar(i.Rd, i.Size);
                w.Scalar(i.Rn, narrows ? i.Size + 1 : i.Size);
                if (IsIntegerCompare(i.Opcode))
                    w.Decimal(0);
                break;
            case A64Group.SimdTwoRegisterFp:
                WriteFp(ref w, i);
                break;
            case A64Group.SimdTwoRegisterFpScalar:
                if (i.Opcode == A64Opcode.FcvtxnScalar)
                {
                    w.Start(i.Opcode);
                    w.Scalar(i.Rd, 2);
                    w.Scalar(i.Rn, 3);
                    break;
                }

                SimdText.Scalars(ref w, i, 2 + (i.Size & 1), false);
                CompareWithZero(ref w, i);
                break;
            case A64Group.SimdTwoRegisterHalfScalar:
                SimdText.Scalars(ref w, i, 1, false);
                CompareWithZero(ref w, i);
                break;
            default:
                SimdText.Vectors(ref w, i, 1, false);
                CompareWithZero(ref w, i);
                break;
        }
    }

    private static bool IsIntegerCompare(A64Opcode op) => op is
        A64Opcode.CmgtZeroVector or A64Opcode.CmeqZeroVector or A64Opcode.CmltZeroVector or A64Opcode.CmgeZeroVector or A64Opcode.CmleZeroVector or
        A64Opcode.CmgtZeroScalar or A64Opcode.CmeqZeroScalar or A64Opcode.CmltZeroScalar or A64Opcode.CmgeZeroScalar or A64Opcode.CmleZeroScalar;

    /// <summary>FCMGT, FCMEQ, FCMLT, FCMGE, FCMLE (zero) have opcodes 01100 to 01110.</summary>
    private static void CompareWithZero(ref A64TextWriter w, in A64Instruction i)
    {
        if (i.Bits(16, 12) is 0x0c or 0x0d or 0x0e)
            w.Text("#0.0");
    }

    private static void WriteInteger(ref A64TextWriter w, in A64Instruction i)
    {
        switch (i.Opcode)
        {
            case A64Opcode.Saddlp:
            case A64Opcode.Sadalp:
            case A64Opcode.Uaddlp:
            case A64Opcode.Uadalp:
                w.Start(i.Opcode);
                w.Vector(i.Rd, i.Size + 1, i.Q);
                w.Vector(i.Rn, i.Size, i.Q);
                break;
            case A64Opcode.Xtn:
            case A64Opcode.SqxtnVector:
            case A64Opcode.SqxtunVector:
            case A64Opcode.UqxtnVector:
                w.Start(i.Opcode);
                if (i.Q)
                    w.Append('2');
                w.Vector(i.Rd, i.Size, i.Q);
                w.Vector(i.Rn, i.Size + 1, true);
                break;
            case A64Opcode.Shll:
                w.Start(i.Opcode);
                if (i.Q)
                    w.Append('2');
                w.Vector(i.Rd, i.Size + 1, true);
                w.Vector(i.Rn, i.Size, i.Q);
                w.Decimal(8 << i.Size);
                break;
            case A64Opcode.Not:
                w.Start("mvn");
                w.Vector(i.Rd, 0, i.Q);
                w.Vector(i.Rn, 0, i.Q);
                break;
            case A64Opcode.RbitVector:
                SimdText.Vectors(ref w, i, 0, false);
                break;
            default:
                SimdText.Vectors(ref w, i, i.Size, false);
                if (IsIntegerCompare(i.Opcode))
                    w.Decimal(0);
                break;
        }
    }

    private static void WriteFp(ref A64TextWriter w, in A64Instruction i)
    {
        int size = 2 + (i.Size & 1);
        switch (i.Opcode)
        {
            case A64Opcode.Fcvtn:
            case A64Opcode.Bfcvtn:
            case A64Opcode.FcvtxnVector:
                int narrow = i.Opcode == A64Opcode.Bfcvtn ? 1 : size - 1;
                w.Start(i.Opcode);
                if (i.Q)
                    w.Append('2');
                w.Vector(i.Rd, narrow, i.Q);
                w.Vector(i.Rn, narrow + 1, true);
                break;
            case A64Opcode.Fcvtl:
                w.Start(i.Opcode);
                if (i.Q)
                    w.Append('2');
                w.Vector(i.Rd, size, true);
                w.Vector(i.Rn, size - 1, i.Q);
                break;
            default:
                SimdText.Vectors(ref w, i, size, false);
                CompareWithZero(ref w, i);
                break;
        }
    }
}
