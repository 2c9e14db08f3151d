using Arm64Vm.Ir.Interpreter;

namespace Arm64Vm.Ir.Passes;

/// <summary>Rules on single operations: constants, neutral and absorbing elements, chains of additions, width changes that undo each other.</summary>
/// <remarks>Each returns the value that the instruction equals, or 0; it may also rewrite the instruction in place.</remarks>
internal static class Identities
{
    public static int Truncate(Span<IrInst> code, ref IrInst i)
    {
        ref IrInst a = ref code[i.A];
        if (a.Op == IrOp.ZeroExtend)
            return a.A;
        if (a.Op == IrOp.Const)
            MakeConst(ref i, (uint)a.Imm);
        return 0;
    }

    /// <summary>Add to SignExtend.</summary>
    public static int Integer(Span<IrInst> code, ref IrInst i, ref int write, int read)
    {
        ref IrInst a = ref code[i.A];
        bool leftConstant = a.Op == IrOp.Const;
        bool rightConstant = i.B != 0 && code[i.B].Op == IrOp.Const;
        if (leftConstant && (rightConstant || i.B == 0))
        {
            MakeConst(ref i, IntegerOperations.Evaluate(i, a.Imm, code[i.B].Imm, 0));
            return 0;
        }

        if (i.B == 0)
            return Unary(code, ref i);

        if (leftConstant && i.Op is IrOp.Add or IrOp.And or IrOp.Or or IrOp.Xor or IrOp.Mul)
        {
            (i.A, i.B) = (i.B, i.A);
            (leftConstant, rightConstant) = (false, true);
        }

        if (rightConstant)
            return WithConstant(code, ref i, code[i.B].Imm, ref write, read);
        if (i.A == i.B)
            return WithItself(ref i);
        if (leftConstant && i.Op == IrOp.Sub && code[i.A].Imm == 0)
        {
            i.Op = IrOp.Neg;
            i.A = i.B;
            i.B = 0;
        }

        return 0;
    }

    /// <summary>Stores look only at the low bytes of what they store.</summary>
    public static void NarrowStored(Span<IrInst> code, ref IrInst i)
    {
        if (i.Op is not (IrOp.Store or IrOp.StorePair) || i.Size > 4)
            return;
        i.B = Narrowed(code, i.B);
        if (i.Op == IrOp.StorePair)
            i.C = Narrowed(code, i.C);
    }

    /// <summary>Branches on a value: decided where it is constant; on the narrow value where that decides.</summary>
    public static void Branch(Span<IrInst> code, ref IrInst i)
    {
        ref IrInst a = ref code[i.A];
        if (a.Op == IrOp.ZeroExtend && (i.Op is IrOp.BranchZero or IrOp.BranchNonZero || i.Aux < 32))
        {
            i.A = a.A;
            if (i.Op is IrOp.BranchZero or IrOp.BranchNonZero)
                i.Size = 4;
        }
        else if (a.Op == IrOp.Const)
        {
            ulong value = i.Size == 4 ? (uint)a.Imm : a.Imm;
            bool taken = i.Op switch
            {
                IrOp.BranchZero => value == 0,
                IrOp.BranchNonZero => value != 0,
                IrOp.BranchBitClear => ((a.Imm >> i.Aux) & 1) == 0,
                _ => ((a.Imm >> i.Aux) & 1) != 0,
            };
            i.Op = IrOp.Jump;
            i.Imm = taken ? (uint)i.Imm : i.Imm >> 32;
            i.A = 0;
            i.Aux = 0;
            i.Size = 0;
        }
    }

    /// <summary>A side exit on a zero-extended value looks at the narrow one where that decides.</summary>
    public static void SideExit(Span<IrInst> code, ref IrInst i)
    {
        if (code[i.A].Op != IrOp.ZeroExtend)
            return;
        if (i.Op is IrOp.LeaveZero or IrOp.LeaveNonZero)
            i.Size = 4;
        else if (i.Aux >= 32)
            return;
        i.A = code[i.A].A;
    }

    private static ushort Narrowed(Span<IrInst> code, ushort value) =>
        code[value].Op is IrOp.ZeroExtend or IrOp.Truncate ? code[value].A : value;

    private static int Unary(Span<IrInst> code, ref IrInst i)
    {
        // Sign extension reads at most the low 32 bits, which a zero-extension leaves alone.
        if (i.Op == IrOp.SignExtend && code[i.A].Op == IrOp.ZeroExtend)
            i.A = code[i.A].A;
        if (i.Op is IrOp.BitsExtractUnsigned or IrOp.BitsExtractSigned && i.Imm == Width(i))
            return i.A;
        return 0;
    }

    private static int WithConstant(Span<IrInst> code, ref IrInst i, ulong constant, ref int write, int read)
    {
        ulong ones = i.Type == IrType.I64 ? ulong.MaxValue : uint.MaxValue;
        constant &= ones;
        switch (i.Op)
        {
            case IrOp.Add:
                if (constant == 0)
                    return i.A;
                FoldAddition(code, ref i, constant, ref write, read);
                return 0;
            case IrOp.Sub:
                if (constant == 0)
                    return i.A;
                FoldAddition(code, ref i, 0 - constant, ref write, read);
                return 0;
            case IrOp.Or when constant == 0:
            case IrOp.Xor when constant == 0:
            case IrOp.AndNot when constant == 0:
            case IrOp.And when constant == ones:
            case IrOp.Mul when constant == 1:
            case IrOp.DivUnsigned when constant == 1:
                return i.A;
            case IrOp.And when constant == 0:
            case IrOp.Mul when constant == 0:
            case IrOp.Or when constant == ones:
                return i.B;
            case IrOp.Xor when constant == ones:
                i.Op = IrOp.Not;
                i.B = 0;
                return 0;
            case IrOp.Shl or IrOp.Shr or IrOp.Sar or IrOp.Ror:
                return (constant & (Width(i) - 1)) == 0 ? i.A : 0;
            default:
                return 0;
        }
    }

    /// <summary>(x + c) + d = x + (c + d), where there is room for the new constant: it takes the place of <paramref name="i"/>, which moves up by one.</summary>
    private static void FoldAddition(Span<IrInst> code, ref IrInst i, ulong constant, ref int write, int read)
    {
        ref IrInst inner = ref code[i.A];
        if (inner.Op != IrOp.Add || code[inner.B].Op != IrOp.Const || write >= read)
            return;
        IrInst sum = code[inner.B];
        sum.Imm = i.Type == IrType.I64 ? sum.Imm + constant : (uint)(sum.Imm + constant);
        sum.Pc = i.Pc;
        IrInst moved = i;
        moved.Op = IrOp.Add;
        moved.A = inner.A;
        moved.B = (ushort)write;
        code[write] = sum;
        code[++write] = moved;
    }

    private static int WithItself(ref IrInst i)
    {
        switch (i.Op)
        {
            case IrOp.And or IrOp.Or:
                return i.A;
            case IrOp.Sub or IrOp.Xor or IrOp.AndNot:
                MakeConst(ref i, 0);
                return 0;
            default:
                return 0;
        }
    }

    private static ulong Width(in IrInst i) => i.Type == IrType.I64 ? 64u : 32u;

    private static void MakeConst(ref IrInst i, ulong value)
    {
        i.Op = IrOp.Const;
        i.Imm = i.Type == IrType.I64 ? value : (uint)value;
        i.A = i.B = i.C = 0;
        i.Size = 0;
        i.Aux = 0;
    }
}
