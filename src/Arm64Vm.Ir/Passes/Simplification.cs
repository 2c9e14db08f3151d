namespace Arm64Vm.Ir.Passes;

/// <summary>Forward pass: forwards guest state within a block, folds constants, applies identities, moves additions into addresses.</summary>
/// <remarks>
/// Reads and writes the same array: the write position never passes the read position, and what is dropped leaves room for constants that
/// foldings need. Where there is no room the folding is left out. An instruction is copied to its new place first and changed there.
/// <see cref="Identities"/> and <see cref="VectorIdentities"/> hold the rules on single operations.
/// </remarks>
internal sealed class Simplification
{
    private ushort[] renamed = [];
    private ushort[] truncateOf = [];
    private bool[] inRegister = [];
    private readonly GuestStateValues state = new();

    public void Run(IrRegion region)
    {
        Span<IrInst> code = region.Storage;
        Scratch.Reserve(ref renamed, region.Count);
        Scratch.Reserve(ref truncateOf, region.Count);
        Scratch.Reserve(ref inRegister, region.Count);
        truncateOf.AsSpan(0, region.Count).Clear();
        inRegister.AsSpan(0, region.Count).Clear();
        int write = 1;
        foreach (ref IrBlock block in region.MutableBlocks)
        {
            int first = write;
            state.Forget();
            for (int read = block.First; read < block.End; read++)
            {
                ref IrInst i = ref code[write];
                if (write != read)
                    i = code[read];
                if (i.A != 0)
                    Rename(ref i);
                int known = Simplify(code, ref i, ref write, read);
                if (known != 0)
                {
                    renamed[read] = (ushort)Math.Max(known, 0);
                    continue;
                }

                renamed[read] = (ushort)write;
                write++;
            }

            block.First = (ushort)first;
            block.End = (ushort)write;
        }

        region.Count = write;
    }

    private void Rename(ref IrInst i)
    {
        ReadOnlySpan<ushort> names = renamed;
        i.A = names[i.A];
        if (i.B == 0)
            return;
        i.B = names[i.B];
        if (i.C == 0)
            return;
        i.C = names[i.C];
        i.D = names[i.D];
    }

    /// <summary>Returns the value that <paramref name="i"/> is already known as, −1 where it is to be dropped, else 0: then it is at the write position.</summary>
    private int Simplify(Span<IrInst> code, ref IrInst i, ref int write, int read)
    {
        switch (i.Op)
        {
            case IrOp.GetX:
                return ForwardX(code, ref i, write);
            case IrOp.SetX:
                return StoreX(code, ref i);
            case IrOp.GetV:
                return Read(ref state.V(i.Aux), write);
            case IrOp.SetV:
                return Write(ref state.V(i.Aux), i.A);
            case IrOp.GetFlags:
                return Read(ref state.Flags, write);
            case IrOp.SetFlags:
                return Write(ref state.Flags, i.A);
            case IrOp.FlagsToNzcv when code[i.A].Op == IrOp.FlagsFromNzcv && code[code[i.A].A].Op == IrOp.Const:
                i.Imm = code[code[i.A].A].Imm & 0xF000_0000;
                i.Op = IrOp.Const;
                i.A = 0;
                return 0;
            case IrOp.PcPage:
                return Read(ref state.PcPage, write);
            case IrOp.Truncate:
                int truncated = Identities.Truncate(code, ref i);
                return truncated != 0 || i.Op == IrOp.Const ? truncated : Read(ref truncateOf[i.A], write);
            case IrOp.Load or IrOp.LoadPair or IrOp.Store or IrOp.StorePair:
                FoldAddress(code, ref i);
                Identities.NarrowStored(code, ref i);
                return 0;
            case >= IrOp.Add and <= IrOp.SignExtend:
                return Identities.Integer(code, ref i, ref write, read);
            case IrOp.Select:
                return i.Aux >= (int)Condition.AL || i.A == i.B ? i.A : 0;
            case IrOp.VectorAnd:
                return VectorIdentities.And(code, i);
            case IrOp.VectorOr:
                return VectorIdentities.Or(code, ref i);
            case >= IrOp.BranchZero and <= IrOp.BranchBitSet:
                Identities.Branch(code, ref i);
                return 0;
            case >= IrOp.LeaveZero and <= IrOp.LeaveBitSet:
                Identities.SideExit(code, ref i);
                return 0;
            default:
                return 0;
        }
    }

    /// <summary>The value that a piece of state has; where that is not known, from now on the one about to be defined.</summary>
    private static int Read(ref ushort known, int write)
    {
        int value = known;
        if (value == 0)
            known = (ushort)write;
        return value;
    }

    /// <summary>Drops a write of what is there already.</summary>
    private static int Write(ref ushort known, ushort value)
    {
        if (known == value)
            return -1;
        known = value;
        return 0;
    }

    /// <summary>A register that was written as I32 is read as the zero-extension, whose truncation is known by its operand.</summary>
    private int ForwardX(Span<IrInst> code, ref IrInst i, int write)
    {
        ref ushort known = ref state.X(i.Aux);
        ushort value = known;
        ref IrInst narrow = ref code[value];
        if (value != 0 && narrow.Type != IrType.I32)
            return value;
        known = (ushort)write;
        if (value == 0)
        {
            inRegister[write] = true;
            return 0;
        }

        ulong constant = narrow.Imm;
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
        ref ushort known = ref state.X(i.Aux);
        if (known == i.A || (code[known].Op == IrOp.ZeroExtend && code[known].A == i.A))
            return -1;
        known = i.A;
        inRegister[i.A] = true;
        return 0;
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
