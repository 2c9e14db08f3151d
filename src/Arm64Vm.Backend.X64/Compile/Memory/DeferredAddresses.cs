using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Sums and small shifts that only an address or another sum needs: the host's addressing computes them where they are used.</summary>
internal sealed partial class X64Compiler
{
    /// <summary>Instructions between a deferred value and its use: what it is made of stays alive that long.</summary>
    private const int DeferDistance = 16;

    /// <summary>Base + Index × Scale.</summary>
    private readonly record struct Sum(int Base, int Index, int Scale);

    /// <summary>Leaves the current instruction to its only user, where that can do it on the way.</summary>
    private bool TryDefer(in IrInst inst)
    {
        if (inst.Op is not (IrOp.Add or IrOp.Shl) || inst.Type != IrType.I64 || values[current].Uses != 1)
            return false;
        int user = values[current].LastUse;
        ref IrInst use = ref region[user];
        if (user - current > DeferDistance)
            return false;
        if (inst.Op == IrOp.Shl)
        {
            if (!IsScale(inst) || !IsSum(use) || values[use.A == current ? use.B : use.A].Backing == Backing.Deferred)
                return false;
            KeepUntil(inst.A, (ushort)user);
        }
        else
        {
            bool isAddress = use.Op is IrOp.Load or IrOp.LoadPair or IrOp.Store && use.A == current && (long)use.Imm == (int)use.Imm;
            if (!IsSum(inst) || !isAddress)
                return false;
            Sum sum = SumOf(current);
            KeepUntil(sum.Base, (ushort)user);
            KeepUntil(sum.Index, (ushort)user);
        }

        values[current].Backing = Backing.Deferred;
        return true;
    }

    /// <summary>A shift that the host's addressing can do.</summary>
    private bool IsScale(in IrInst shift) => !IsConstant(shift.A) && IsConstant(shift.B) && ConstantOf(shift.B) is >= 1 and <= 3;

    /// <summary>A sum of two different values, neither of them a constant.</summary>
    private bool IsSum(in IrInst sum) => sum.Op == IrOp.Add && sum.Type == IrType.I64 && sum.A != sum.B && !IsConstant(sum.A) && !IsConstant(sum.B);

    /// <summary>The sum that a value is, with a deferred shift as the scale of its index.</summary>
    private Sum SumOf(int value)
    {
        ref IrInst inst = ref region[value];
        if (values[inst.B].Backing == Backing.Deferred)
            return new Sum(inst.A, region[inst.B].A, 1 << (int)ConstantOf(region[inst.B].B));
        if (values[inst.A].Backing == Backing.Deferred)
            return new Sum(inst.B, region[inst.A].A, 1 << (int)ConstantOf(region[inst.A].B));
        return new Sum(inst.A, inst.B, 1);
    }
}
