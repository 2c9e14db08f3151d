using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Elements to half and to twice their size.</summary>
internal sealed partial class X64Compiler
{
    /// <summary>Index of vpshufb that gives zero.</summary>
    private const byte ShuffleZero = 0x80;

    private bool TryEmitVectorResize(in IrInst inst)
    {
        if (inst.Op == IrOp.VectorNarrow)
            return EmitNarrow(inst);
        bool signed = inst.Op == IrOp.VectorWidenSigned;
        VexOp extend = ExtendOf(inst.Size, signed);
        Xmm d;
        if (TryVectorMemoryAt(inst.A, inst.Aux != 0 ? 8 : 0, out Mem memory))
        {
            d = VOut(inst);
            emit.Vex(extend, d, memory);
        }
        else
        {
            Xmm a = VIn(inst.A);
            d = VOut(inst);
            if (inst.Aux == 0)
                emit.Vex(extend, d, a);
            else if (signed)
                VExtendUpper(inst.Size, signed, d, a);
            else
                emit.Vex(V.Pshufb, d, a, WidenUpperMask(inst.Size));
        }

        ClearAbove(inst.Shape, inst.Size * 2, d, d);
        return true;
    }

    private static VexOp ExtendOf(int size, bool signed) => signed
        ? BySize(size, V.Pmovsxbw, V.Pmovsxwd, V.Pmovsxdq, default)
        : BySize(size, V.Pmovzxbw, V.Pmovzxwd, V.Pmovzxdq, default);

    private void VExtendUpper(int size, bool signed, Xmm d, Xmm a)
    {
        emit.VexImm2(V.Pshufd, d, a, 0b1110);
        emit.Vex(ExtendOf(size, signed), d, d);
    }

    /// <summary>A vpshufb mask: zero-extension of the upper half's elements.</summary>
    private Mem WidenUpperMask(int size)
    {
        int wide = size * 2;
        Span<byte> indexes = stackalloc byte[16];
        for (int i = 0; i < 16; i++)
        {
            int lane = i / wide, part = i % wide;
            indexes[i] = part < size ? (byte)(8 + (lane * size) + part) : ShuffleZero;
        }

        return VBytes(indexes);
    }

    private bool EmitNarrow(in IrInst inst)
    {
        int size = inst.Size;
        Xmm a = VIn(inst.A);
        Xmm d = VOut(inst);
        emit.Vex(V.Pshufb, d, a, NarrowMask(size, inst.Shape == VectorShape.Scalar ? 1 : 8 / size));
        return true;
    }

    /// <summary>A vpshufb mask: the low parts of <paramref name="count"/> elements of 2·size, zeros above.</summary>
    private Mem NarrowMask(int size, int count)
    {
        Span<byte> indexes = stackalloc byte[16];
        indexes.Fill(ShuffleZero);
        for (int i = 0; i < count * size; i++)
            indexes[i] = (byte)((i / size * size * 2) + (i % size));
        return VBytes(indexes);
    }
}
