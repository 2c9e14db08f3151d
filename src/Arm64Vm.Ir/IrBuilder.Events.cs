using System.Numerics;

namespace Arm64Vm.Ir;

/// <summary>Counting of events.</summary>
internal sealed partial class IrBuilder
{
    /// <summary>Counts a number of events that is set later; the result names it for <see cref="SetCount"/>.</summary>
    public IrValue Count(CodeEvent what) => Emit(IrOp.Count, IrType.Void, aux: (int)what);

    public void SetCount(IrValue count, int number) => region[count].Imm = (ulong)number;

    /// <summary>Counts the branch that ends the block where it is taken.</summary>
    /// <param name="isConditional">Otherwise it always is.</param>
    public void CountTaken(bool isConditional)
    {
        IrInst branch = region[region.Count - 1];
        if (!isConditional || branch.Op is < IrOp.BranchCond or > IrOp.BranchBitSet)
        {
            region.Count--;
            Emit(IrOp.Count, IrType.Void, aux: (int)CodeEvent.TakenBranches, imm: 1);
        }
        else
        {
            region.Count--;
            Emit(IrOp.Count, IrType.Void, Taken(branch), aux: (int)CodeEvent.TakenBranches);
        }

        region.Append(branch);
    }

    /// <summary>1 where a conditional branch is taken, else 0.</summary>
    private IrValue Taken(in IrInst branch)
    {
        IrValue a = branch.ValueA;
        IrType type = region[a].Type;
        switch (branch.Op)
        {
            case IrOp.BranchCond:
                return Select(IrType.I64, branch.Condition, a, Const64(1), Const64(0));
            case IrOp.BranchZero or IrOp.BranchNonZero:
                // Only zero has as many leading zeros as bits.
                IrValue zeros = Emit(IrOp.CountLeadingZeros, type, a);
                return Flip(Emit(IrOp.BitsExtractUnsigned, type, zeros, aux: BitOperations.Log2(type == IrType.I64 ? 64u : 32u), imm: 1), type, branch.Op == IrOp.BranchNonZero);
            default:
                return Flip(Emit(IrOp.BitsExtractUnsigned, type, a, aux: branch.Aux, imm: 1), type, branch.Op == IrOp.BranchBitClear);
        }
    }

    private IrValue Flip(IrValue bit, IrType type, bool flips)
    {
        if (flips)
            bit = Xor(type, bit, Const(type, 1));
        return type == IrType.I64 ? bit : ZeroExtend(bit);
    }
}
