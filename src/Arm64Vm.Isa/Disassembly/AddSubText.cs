namespace Arm64Vm.Isa.Disassembly;

/// <summary>What the forms of ADD and SUB that know the stack pointer share: immediate and extended register.</summary>
internal static class AddSubText
{
    /// <summary>The mnemonic and the first two operands; CMP and CMN have no destination. With flags, register 31 as a destination is ZR, else SP.</summary>
    public static void WriteMnemonic(ref A64TextWriter w, in A64Instruction i)
    {
        bool setsFlags = i.Bit(29);
        if (setsFlags && i.Rd == 31)
        {
            w.Start(i.Bit(30) ? "cmp" : "cmn");
        }
        else
        {
            w.Start(i.Opcode);
            if (setsFlags)
                w.Register(i.Rd, i.Sf);
            else
                w.RegisterOrSp(i.Rd, i.Sf);
        }

        w.RegisterOrSp(i.Rn, i.Sf);
    }
}
