namespace Arm64Vm.Isa.Disassembly;

/// <summary>AES, SHA, SM3 and SM4.</summary>
internal static class CryptoText
{
    public static void Write(ref A64TextWriter w, in A64Instruction i)
    {
        w.Start(i.Opcode);
        switch (i.Opcode)
        {
            case A64Opcode.Aese:
            case A64Opcode.Aesd:
            case A64Opcode.Aesmc:
            case A64Opcode.Aesimc:
                w.Vector(i.Rd, 0, true);
                w.Vector(i.Rn, 0, true);
                break;
            case A64Opcode.Sha1c:
            case A64Opcode.Sha1p:
            case A64Opcode.Sha1m:
                w.Scalar(i.Rd, 4);
                w.Scalar(i.Rn, 2);
                w.Vector(i.Rm, 2, true);
                break;
            case A64Opcode.Sha256h:
            case A64Opcode.Sha256h2:
                w.Scalar(i.Rd, 4);
                w.Scalar(i.Rn, 4);
                w.Vector(i.Rm, 2, true);
                break;
            case A64Opcode.Sha512h:
            case A64Opcode.Sha512h2:
                w.Scalar(i.Rd, 4);
                w.Scalar(i.Rn, 4);
                w.Vector(i.Rm, 3, true);
                break;
            case A64Opcode.Sha1h:
                w.Scalar(i.Rd, 2);
                w.Scalar(i.Rn, 2);
                break;
            case A64Opcode.Sha1su1:
            case A64Opcode.Sha256su0:
            case A64Opcode.Sm4e:
                Vectors(ref w, i, 2, false);
                break;
            case A64Opcode.Sha512su0:
                Vectors(ref w, i, 3, false);
                break;
            case A64Opcode.Sha512su1:
            case A64Opcode.Rax1:
                Vectors(ref w, i, 3, true);
                break;
            case A64Opcode.Xar:
                Vectors(ref w, i, 3, true);
                w.Decimal(i.Imm6);
                break;
            case A64Opcode.Eor3:
            case A64Opcode.Bcax:
                Vectors(ref w, i, 0, true);
                w.Vector(i.Ra, 0, true);
                break;
            case A64Opcode.Sm3ss1:
                Vectors(ref w, i, 2, true);
                w.Vector(i.Ra, 2, true);
                break;
            case A64Opcode.Sm3tt1a:
            case A64Opcode.Sm3tt1b:
            case A64Opcode.Sm3tt2a:
            case A64Opcode.Sm3tt2b:
                Vectors(ref w, i, 2, false);
                w.Element(i.Rm, 2, (int)i.Bits(13, 12));
                break;
            default:
                Vectors(ref w, i, 2, true);
                break;
        }
    }

    private static void Vectors(ref A64TextWriter w, in A64Instruction i, int size, bool hasRm)
    {
        w.Vector(i.Rd, size, true);
        w.Vector(i.Rn, size, true);
        if (hasRm)
            w.Vector(i.Rm, size, true);
    }
}
