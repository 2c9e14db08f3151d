namespace Arm64Vm.Ir;

/// <summary>Checks what every consumer of the IR relies on: blocks and terminators, order of definition, operand types, adjacency of paired operations.</summary>
internal static class IrVerifier
{
    /// <summary>Throws with the offending instruction and the whole region where <paramref name="region"/> is malformed.</summary>
    /// <exception cref="InvalidOperationException">The region is malformed: a bug in a lifter or a pass.</exception>
    public static void Verify(IrRegion region)
    {
        string? error = Check(region);
        if (error is not null)
            throw new InvalidOperationException($"{error}\n{IrPrinter.Print(region)}");
    }

    /// <summary>The first error, or null.</summary>
    public static string? Check(IrRegion region)
    {
        if (region.BlockCount == 0)
            return "no blocks";
        int expected = 1;
        foreach (ref readonly IrBlock block in region.Blocks)
        {
            if (block.First != expected || block.End <= block.First || block.End > region.Count)
                return $"block at {block.GuestOffset:x} covers [{block.First}, {block.End}), expected to start at {expected}";
            for (int index = block.First; index < block.End; index++)
            {
                string? error = CheckInstruction(region, block, index);
                if (error is not null)
                    return $"%{index}: {error}: {IrPrinter.Print(region[index], index)}";
            }

            expected = block.End;
        }

        return expected == region.Count ? null : $"{region.Count - expected} instructions outside blocks";
    }

    private static string? CheckInstruction(IrRegion region, in IrBlock block, int index)
    {
        ref readonly IrInst i = ref region[index];
        if (i.Op == IrOp.None)
            return "no operation";
        if (IrOps.IsTerminator(i.Op) != (index == block.End - 1))
            return "terminators end blocks, and only they";
        if ((i.A == 0 && i.B != 0) || (i.B == 0 && i.C != 0) || (i.C == 0 && i.D != 0 && i.Op is not (IrOp.Load or IrOp.LoadPair or IrOp.Store)))
            return "an operand follows one that is missing";
        foreach (ushort operand in (ReadOnlySpan<ushort>)[i.A, i.B, i.C, i.D])
        {
            if (operand != 0 && (operand < block.First || operand >= index))
                return $"operand %{operand} is not defined before in this block";
            if (operand != 0 && region[operand].Type == IrType.Void)
                return $"operand %{operand} has no value";
        }

        return CheckAdjacency(region, block, index) ?? CheckTypes(region, i) ?? CheckImmediates(i);
    }

    private static string? CheckAdjacency(IrRegion region, in IrBlock block, int index)
    {
        ref readonly IrInst i = ref region[index];
        if (i.Op is not (IrOp.FlagsOf or IrOp.Second))
            return null;
        if (i.A != index - 1 || i.A < block.First)
            return "must follow its operand directly";
        IrOp before = region[i.A].Op;
        bool fits = i.Op == IrOp.Second ? before == IrOp.LoadPair : before is >= IrOp.AddS and <= IrOp.SbcS;
        return fits ? null : $"cannot follow {before}";
    }

    private static string? CheckTypes(IrRegion region, in IrInst i)
    {
        IrSignature? signature = IrSignature.Of(i);
        if (signature is not { } s)
            return null;
        if (!s.Result.Admits(i.Type))
            return $"result is {i.Type}";
        return CheckOperand(region, s.A, i.A) ?? CheckOperand(region, s.B, i.B) ?? CheckOperand(region, s.C, i.C) ?? CheckOperand(region, s.D, i.D);
    }

    private static string? CheckOperand(IrRegion region, IrTypes types, ushort operand)
    {
        if (operand == 0)
            return types.Admits(IrType.Void) ? null : "operand missing";
        IrType type = region[operand].Type;
        return types.Admits(type) ? null : $"operand %{operand} is {type}";
    }

    private static string? CheckImmediates(in IrInst i)
    {
        int width = i.Type == IrType.I64 ? 64 : 32;
        bool valid = i.Op switch
        {
            IrOp.GetX or IrOp.SetX or IrOp.GetV or IrOp.SetV => i.Aux < 32,
            IrOp.ExtractPair => i.Imm < (ulong)width,
            IrOp.BitsExtractUnsigned or IrOp.BitsExtractSigned or IrOp.BitsInsert => i.Imm >= 1 && i.Aux + i.Imm <= (ulong)width,
            IrOp.SignExtend => i.Size is 1 or 2 or 4 && i.Size * 8 < width,
            IrOp.Load or IrOp.Store or IrOp.LoadPair or IrOp.StorePair => i.Size is 1 or 2 or 4 or 8 or 16 && (long)i.Imm == (int)i.Imm,
            IrOp.BranchZero or IrOp.BranchNonZero or IrOp.LeaveZero or IrOp.LeaveNonZero or IrOp.CondCompare or IrOp.CondCompareNegative => i.Size is 4 or 8,
            IrOp.Count => i.Aux < (int)CodeEvent.Count && i.Imm <= int.MaxValue,
            IrOp.Const => i.Type == IrType.I64 || i.Imm <= uint.MaxValue,
            _ => true,
        };
        return valid ? null : "immediate out of range";
    }
}
