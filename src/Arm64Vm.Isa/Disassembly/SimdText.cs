namespace Arm64Vm.Isa.Disassembly;

/// <summary>Advanced SIMD whose operands are whole registers: two-register, three-register, pairwise, across lanes.</summary>
internal static class SimdText
{
    public static void Write(ref A64TextWriter w, in A64Instruction i)
    {
        switch (A64Opcodes.Group(i.Opcode))
        {
            case A64Group.SimdThreeSame:
                Vectors(ref w, i, i.Size, true);
                break;
            case A64Group.SimdThreeSameScalar:
                Scalars(ref w, i, i.Size, true);
                break;
            case A64Group.SimdLogical:
                WriteLogical(ref w, i);
                break;
            case A64Group.SimdThreeSameFp:
                Vectors(ref w, i, 2 + (i.Size & 1), true);
                break;
            case A64Group.SimdThreeSameFpScalar:
                Scalars(ref w, i, 2 + (i.Size & 1), true);
                break;
            case A64Group.SimdThreeSameHalf:
                Vectors(ref w, i, 1, true);
                break;
            case A64Group.SimdThreeSameHalfScalar:
                Scalars(ref w, i, 1, true);
                break;
            case A64Group.SimdFpMultiplyLong:
                w.Start(i.Opcode);
                if (i.U)
                    w.Append('2');
                w.Vector(i.Rd, 2, i.Q);
                HalfOfVector(ref w, i.Rn, 1, i.Q);
                HalfOfVector(ref w, i.Rm, 1, i.Q);
                break;
            case A64Group.SimdThreeSameExtra:
                WriteExtra(ref w, i);
                break;
            case A64Group.SimdThreeDifferent:
                WriteThreeDifferent(ref w, i);
                break;
            case A64Group.SimdThreeDifferentScalar:
                w.Start(i.Opcode);
                w.Scalar(i.Rd, i.Size + 1);
                w.Scalar(i.Rn, i.Size);
                w.Scalar(i.Rm, i.Size);
                break;
            case A64Group.SimdScalarPairwise:
                int size = A64Opcodes.Feature(i.Opcode) == A64Feature.Fp16 ? 1 : i.Opcode == A64Opcode.AddpScalar ? 3 : 2 + (i.Size & 1);
                w.Start(i.Opcode);
                w.Scalar(i.Rd, size);
                w.Separate();
                w.Append('v');
                w.AppendDecimal(i.Rn);
                w.Append(".2");
                w.Append("bhsd"[size]);
                break;
            case A64Group.SimdAcrossLanes:
                WriteAcrossLanes(ref w, i);
                break;
            default:
                SimdTwoRegisterText.Write(ref w, i);
                break;
        }
    }

    public static void Vectors(ref A64TextWriter w, in A64Instruction i, int size, bool hasRm)
    {
        w.Start(i.Opcode);
        w.Vector(i.Rd, size, i.Q);
        w.Vector(i.Rn, size, i.Q);
        if (hasRm)
            w.Vector(i.Rm, size, i.Q);
    }

    public static void Scalars(ref A64TextWriter w, in A64Instruction i, int size, bool hasRm)
    {
        w.Start(i.Opcode);
        w.Scalar(i.Rd, size);
        w.Scalar(i.Rn, size);
        if (hasRm)
            w.Scalar(i.Rm, size);
    }

    /// <summary>A vector of which half the bytes are used: 2h for 8, 4h for 16.</summary>
    public static void HalfOfVector(ref A64TextWriter w, int register, int size, bool q)
    {
        w.Separate();
        w.Append('v');
        w.AppendDecimal(register);
        w.Append('.');
        w.AppendDecimal((q ? 8 : 4) >> size);
        w.Append("bhsd"[size]);
    }

    private static void WriteLogical(ref A64TextWriter w, in A64Instruction i)
    {
        bool isMove = i.Opcode == A64Opcode.OrrVector && i.Rn == i.Rm;
        if (isMove)
            w.Start("mov");
        else
            w.Start(i.Opcode);
        w.Vector(i.Rd, 0, i.Q);
        w.Vector(i.Rn, 0, i.Q);
        if (!isMove)
            w.Vector(i.Rm, 0, i.Q);
    }

    private static void WriteExtra(ref A64TextWriter w, in A64Instruction i)
    {
        switch (i.Opcode)
        {
            case A64Opcode.SqrdmlahScalar:
            case A64Opcode.SqrdmlshScalar:
                Scalars(ref w, i, i.Size, true);
                break;
            case A64Opcode.SdotVector:
            case A64Opcode.UdotVector:
            case A64Opcode.UsdotVector:
            case A64Opcode.Smmla:
            case A64Opcode.Ummla:
            case A64Opcode.Usmmla:
                w.Start(i.Opcode);
                w.Vector(i.Rd, 2, i.Q);
                w.Vector(i.Rn, 0, i.Q);
                w.Vector(i.Rm, 0, i.Q);
                break;
            case A64Opcode.BfdotVector:
            case A64Opcode.Bfmmla:
                w.Start(i.Opcode);
                w.Vector(i.Rd, 2, i.Q);
                w.Vector(i.Rn, 1, i.Q);
                w.Vector(i.Rm, 1, i.Q);
                break;
            case A64Opcode.BfmlalVector:
                w.Start(i.Q ? "bfmlalt" : "bfmlalb");
                w.Vector(i.Rd, 2, true);
                w.Vector(i.Rn, 1, true);
                w.Vector(i.Rm, 1, true);
                break;
            case A64Opcode.FcmlaVector:
                Vectors(ref w, i, i.Size, true);
                w.Decimal(i.Bits(12, 11) * 90);
                break;
            case A64Opcode.Fcadd:
                Vectors(ref w, i, i.Size, true);
                w.Decimal(i.Bit(12) ? 270 : 90);
                break;
            default:
                Vectors(ref w, i, i.Size, true);
                break;
        }
    }

    private static void WriteThreeDifferent(ref A64TextWriter w, in A64Instruction i)
    {
        uint opcode = i.Bits(15, 12);
        bool isWide = opcode is 1 or 3;
        bool isNarrow = opcode is 4 or 6;
        w.Start(i.Opcode);
        if (i.Q)
            w.Append('2');
        if (isNarrow)
            w.Vector(i.Rd, i.Size, i.Q);
        else
            w.Vector(i.Rd, i.Size + 1, true);
        if (isWide || isNarrow)
            w.Vector(i.Rn, i.Size + 1, true);
        else
            w.Vector(i.Rn, i.Size, i.Q);
        if (isNarrow)
            w.Vector(i.Rm, i.Size + 1, true);
        else
            w.Vector(i.Rm, i.Size, i.Q);
    }

    private static void WriteAcrossLanes(ref A64TextWriter w, in A64Instruction i)
    {
        w.Start(i.Opcode);
        bool isFp = i.Bits(16, 12) is 0x0c or 0x0f;
        int size = !isFp ? i.Size : A64Opcodes.Feature(i.Opcode) == A64Feature.Fp16 ? 1 : 2;
        bool isLong = i.Opcode is A64Opcode.Saddlv or A64Opcode.Uaddlv;
        w.Scalar(i.Rd, isLong ? size + 1 : size);
        w.Vector(i.Rn, size, i.Q);
    }
}
