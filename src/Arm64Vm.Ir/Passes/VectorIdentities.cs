namespace Arm64Vm.Ir.Passes;

/// <summary>Rules on vector operations: rotations as SHL and SRI write them, since A64 has no vector rotation but those of XAR and RAX1.</summary>
/// <remarks>
/// <code>
/// shl v1, v0, #n           v1 = v0 &lt;&lt; n
/// sri v1, v0, #width - n   v1 = (v1 and not the mask of the lower n bits) or (v0 >> (width − n))   what the mask clears is zero
/// </code>
/// As in <see cref="Identities"/> a rule returns the value that the instruction equals, or 0; it may also rewrite the instruction in place.
/// </remarks>
internal static class VectorIdentities
{
    /// <summary>VectorAnd: a mask that clears only what a shift has cleared.</summary>
    public static int And(ReadOnlySpan<IrInst> code, in IrInst i)
    {
        ref readonly IrInst shifted = ref code[i.A];
        ref readonly IrInst mask = ref code[i.B];
        if (mask.Op != IrOp.VectorConst || mask.Shape != i.Shape || shifted.Shape != i.Shape || shifted.Op is not (IrOp.VectorShiftLeftImm or IrOp.VectorShiftRightUnsignedImm))
            return 0;
        int bits = shifted.Size * 8, amount = (int)shifted.Imm;
        ulong element = ulong.MaxValue >> (64 - bits);
        ulong cleared = amount >= bits ? element : shifted.Op == IrOp.VectorShiftLeftImm ? element & ~(element << amount) : element & ~(element >> amount);
        for (int at = 0; at < 64; at += bits)
        {
            if ((mask.Imm >> at & element | cleared) != element)
                return 0;
        }

        return i.A;
    }

    /// <summary>VectorOr: two shifts of one value, the one by what the other leaves of an element.</summary>
    public static int Or(ReadOnlySpan<IrInst> code, ref IrInst i)
    {
        bool rightFirst = code[i.A].Op == IrOp.VectorShiftRightUnsignedImm;
        ref readonly IrInst right = ref code[rightFirst ? i.A : i.B];
        ref readonly IrInst left = ref code[rightFirst ? i.B : i.A];
        if (right.Op != IrOp.VectorShiftRightUnsignedImm || left.Op != IrOp.VectorShiftLeftImm || right.A != left.A || right.Size != left.Size
            || right.Shape != i.Shape || left.Shape != i.Shape || right.Imm + left.Imm != right.Size * 8u)
        {
            return 0;
        }

        if (left.Imm == 0)
            return right.A; // nothing is left of the other
        i.Op = IrOp.VectorRotateRightImm;
        i.Size = right.Size;
        i.Imm = right.Imm;
        i.A = right.A;
        i.B = 0;
        return 0;
    }
}
