namespace Arm64Vm.Ir.Passes;

/// <summary>Forward pass: forwards guest state within a block, folds constants, applies identities, moves additions into addresses.</summary>
/// <remarks>
/// Reads and writes the same array: the write position never passes the read position, and what is dropped leaves room for constants that
/// foldings need. Where there is no room the folding is left out. <see cref="Identities"/> holds the rules on single operations.
/// </remarks>
internal sealed class Simplification
{
    private readonly ushort[] renamed = new ushort[IrRegion.MaxInstructions];
    private readonly ushort[] truncateOf = new ushort[IrRegion.MaxInstructions];
    private readonly bool[] inRegister = new bool[IrRegion.MaxInstructions];
    private readonly GuestStateValues state = new();

    public void Run(IrRegion region)
    {
        Span<IrInst> code = region.Storage;
        truncateOf.AsSpan(0, region.Count).Clear();
        inRegister.AsSpan(0, region.Count).Clear();
        int write = 1;
        foreach (ref IrBlock block in region.MutableBlocks)
        {
            int first = write;
            state.Forget();
            for (int read = block.First; read < block.End; read++)
            {
                IrInst i = code[read];
                i.A = renamed[i.A];
                i.B = renamed[i.B];
                i.C = renamed[i.C];
                i.D = renamed[i.D];
                int known = Simplify(code, ref i, ref write, read);
                if (known != 0)
                {
                    renamed[read] = (ushort)Math.Max(known, 0);
                    continue;
                }

                renamed[read] = (ushort)write;
                code[write] = i;
                Learn(i, (ushort)write);
                write++;
            }

            block.First = (ushort)first;
            block.End = (ushort)write;
        }

        region.Count = write;
    }

    /// <summary>Returns the value that <paramref name="i"/> is already known as, −1 where it is to be dropped, else 0.</summary>
    private int Simplify(Span<IrInst> code, ref IrInst i, ref int write, int read)
    {
        switch (i.Op)
        {
            case IrOp.GetX:
                return ForwardX(code, ref i, write);
            case IrOp.SetX:
                return StoreX(code, ref i);
            case IrOp.GetV:
                return state.V(i.Aux);
            case IrOp.SetV:
                return state.V(i.Aux) == i.A ? -1 : 0;
            case IrOp.GetFlags:
                return state.Flags;
            case IrOp.SetFlags:
                return state.Flags == i.A ? -1 : 0;
            case IrOp.PcPage:
                return state.PcPage;
            case IrOp.Truncate:
                int truncated = Identities.Truncate(code, ref i);
                return truncated != 0 ? truncated : truncateOf[i.A];
            case IrOp.Load or IrOp.LoadPair or IrOp.Store or IrOp.StorePair:
                FoldAddress(code, ref i);
                Identities.NarrowStored(code, ref i);
                return 0;
            case >= IrOp.Add and <= IrOp.SignExtend:
                return Identities.Integer(code, ref i, ref write, read);
            case IrOp.Select:
                return i.Aux >= (int)Condition.AL || i.A == i.B ? i.A : 0;
            case >= IrOp.BranchZero and <= IrOp.BranchBitSet:
                Identities.Branch(code, ref i);
                return 0;
            default:
                return 0;
        }
    }

    private void Learn(in IrInst i, ushort value)
    {
        switch (i.Op)
        {
            case IrOp.GetX:
                state.X(i.Aux) = value;
                inRegister[value] = true;
                break;
            case IrOp.SetX:
                state.X(i.Aux) = i.A;
                inRegister[i.A] = true;
                break;
            case IrOp.GetV:
                state.V(i.Aux) = value;
                break;
            case IrOp.SetV:
                state.V(i.Aux) = i.A;
                break;
            case IrOp.GetFlags:
                state.Flags = value;
                break;
            case IrOp.SetFlags:
                state.Flags = i.A;
                break;
            case IrOp.PcPage:
                state.PcPage = value;
                break;
            case IrOp.Truncate:
                truncateOf[i.A] = value;
                break;
        }
    }

    /// <summary>A register that was written as I32 is read as the zero-extension, whose truncation is known by its operand.</summary>
    private int ForwardX(Span<IrInst> code, ref IrInst i, int write)
    {
        ushort value = state.X(i.Aux);
        if (value == 0 || code[value].Type != IrType.I32)
            return value;
        ref IrInst narrow = ref code[value];
        ulong constant = narrow.Imm;
        state.X(i.Aux) = (ushort)write;
        i.Op = narrow.Op == IrOp.Const ? IrOp.Const : IrOp.ZeroExtend;
        i.A = i.Op == IrOp.Const ? (ushort)0 : value;
        i.Imm = i.Op == IrOp.Const ? (uint)constant : 0;
        i.Aux = 0;
        return 0;
    }

    private int StoreX(Span<IrInst> code, ref IrInst i)
    {
        if (code[i.A].Op == IrOp.ZeroExtend)
            i.A = code[i.A].A;
        ushort present = state.X(i.Aux);
        bool same = present == i.A || (code[present].Op == IrOp.ZeroExtend && code[present].A == i.A);
        return same ? -1 : 0;
    }

    /// <summary>
    /// Base + constant becomes base with a displacement, except where the sum is a register's value already: then it has a home, and
    /// folding would only keep the old base alive beside it.
    /// </summary>
    private void FoldAddress(Span<IrInst> code, ref IrInst i)
    {
        while (!inRegister[i.A])
        {
            ref IrInst sum = ref code[i.A];
            if (sum.Op != IrOp.Add || code[sum.B].Op != IrOp.Const)
                return;
            long displacement = (long)i.Imm + (long)code[sum.B].Imm;
            if (displacement != (int)displacement)
                return;
            i.Imm = (ulong)displacement;
            i.A = sum.A;
        }
    }
}
