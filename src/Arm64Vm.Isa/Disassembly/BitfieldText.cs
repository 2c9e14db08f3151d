namespace Arm64Vm.Isa.Disassembly;

/// <summary>SBFM, BFM, UBFM are always one of their aliases.</summary>
internal static class BitfieldText
{
    public static void Write(ref A64TextWriter w, in A64Instruction i)
    {
        bool sf = i.Sf;
        int size = sf ? 64 : 32;
        int r = i.ImmR;
        int s = i.ImmS;
        switch (i.Bits(30, 29))
        {
            case 0:
                if (s == size - 1)
                    Shift(ref w, "asr", i, r);
                else if (r == 0 && (s is 7 or 15 or 31))
                    Extend(ref w, s == 7 ? "sxtb" : s == 15 ? "sxth" : "sxtw", i);
                else
                    Field(ref w, s < r ? "sbfiz" : "sbfx", i, size);
                break;
            case 1:
                if (s < r && i.Rn == 31)
                {
                    w.Start("bfc");
                    w.Register(i.Rd, sf);
                    w.Decimal(size - r);
                    w.Decimal(s + 1);
                }
                else
                {
                    Field(ref w, s < r ? "bfi" : "bfxil", i, size);
                }

                break;
            default:
                if (s == size - 1)
                    Shift(ref w, "lsr", i, r);
                else if (s + 1 == r)
                    Shift(ref w, "lsl", i, size - r);
                else if (!sf && r == 0 && (s is 7 or 15))
                    Extend(ref w, s == 7 ? "uxtb" : "uxth", i);
                else
                    Field(ref w, s < r ? "ubfiz" : "ubfx", i, size);
                break;
        }
    }

    private static void Shift(ref A64TextWriter w, string mnemonic, in A64Instruction i, int amount)
    {
        w.Start(mnemonic);
        w.Register(i.Rd, i.Sf);
        w.Register(i.Rn, i.Sf);
        w.Decimal(amount);
    }

    private static void Extend(ref A64TextWriter w, string mnemonic, in A64Instruction i)
    {
        w.Start(mnemonic);
        w.Register(i.Rd, i.Sf);
        w.Register(i.Rn, false);
    }

    private static void Field(ref A64TextWriter w, string mnemonic, in A64Instruction i, int size)
    {
        bool inserts = i.ImmS < i.ImmR;
        w.Start(mnemonic);
        w.Register(i.Rd, i.Sf);
        w.Register(i.Rn, i.Sf);
        w.Decimal(inserts ? size - i.ImmR : i.ImmR);
        w.Decimal(inserts ? i.ImmS + 1 : i.ImmS - i.ImmR + 1);
    }
}
