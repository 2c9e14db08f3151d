namespace Arm64Vm.Isa.Disassembly;

/// <summary>Branches.</summary>
internal static class BranchText
{
    public static void Write(ref A64TextWriter w, in A64Instruction i, ulong pc)
    {
        switch (A64Opcodes.Group(i.Opcode))
        {
            case A64Group.ConditionalBranch:
                w.Start("b.");
                w.Append(Conditions.Name(i.BranchCond));
                w.Address(pc + (ulong)i.Imm19Offset);
                Conditions.AppendBranchSynonyms(ref w, i.BranchCond);
                break;
            case A64Group.UnconditionalBranchImmediate:
                w.Start(i.Opcode);
                w.Address(pc + (ulong)i.Imm26Offset);
                break;
            case A64Group.CompareBranch:
                w.Start(i.Opcode);
                w.Register(i.Rt, i.Sf);
                w.Address(pc + (ulong)i.Imm19Offset);
                break;
            case A64Group.TestBranch:
                w.Start(i.Opcode);
                w.Register(i.Rt, i.Sf);
                w.Decimal(i.TestBit);
                w.Address(pc + (ulong)i.Imm14Offset);
                break;
            case A64Group.UnconditionalBranchRegister:
                w.Start(i.Opcode);
                if (i.Opcode != A64Opcode.Ret || i.Rn != 30)
                    w.Register(i.Rn, true);
                break;
            default:
                w.Start(i.Opcode);
                if (i.Opcode is A64Opcode.Retaa or A64Opcode.Retab)
                    break;
                w.Register(i.Rn, true);
                // BRAA and BLRAA have a modifier, BRAAZ and BLRAAZ use zero.
                if (i.Bit(24))
                    w.RegisterOrSp(i.Rd, true);
                break;
        }
    }
}
