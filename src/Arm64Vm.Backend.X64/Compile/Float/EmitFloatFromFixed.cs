using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Integers and fixed point to floating point: the host rounds by MXCSR as Arm does by FPCR. A scale of a power of two is exact.</summary>
internal sealed partial class X64Compiler
{
    private bool HasUnsignedConversions => features.Avx512Vl && features.Avx512Dq;

    private bool TryEmitFloatFromFixed(in IrInst inst)
    {
        bool unsigned = inst.Op == IrOp.FloatFromFixedUnsigned;
        if (inst.Shape != VectorShape.Scalar)
            return TryEmitFloatFromLanes(inst, unsigned);
        bool fromVector = region[inst.A].Type == IrType.V128;
        bool huge = unsigned && inst.Aux == 8;
        if (huge && !HasUnsignedConversions && (fromVector || !HaveFloatColdPath))
            return false;
        if (fromVector)
        {
            Xmm a = UseV(inst.A);
            Xmm d = DefineV(current, inst.A);
            if (huge)
            {
                emit.Vmovq(d, a);
                EmitFromHuge(inst, d, d);
            }
            else
            {
                MoveToScratch(inst.Aux, a);
                EmitFromInteger(inst, d, Gpr.Rax, unsigned);
            }

            return true;
        }

        Gpr source = Use(inst.A);
        if (huge && !HasUnsignedConversions)
        {
            EmitFromHugeBySign(inst, source);
            return true;
        }

        Xmm result = DefineV(current);
        if (huge)
        {
            emit.Vmovq(result, source);
            EmitFromHuge(inst, result, result);
            return true;
        }

        if (unsigned)
        {
            emit.Mov(4, Gpr.Rax, source);
            source = Gpr.Rax;
        }

        EmitFromInteger(inst, result, source, unsigned);
        return true;
    }

    private void MoveToScratch(int bytes, Xmm a)
    {
        if (bytes == 8)
            emit.Vmovq(Gpr.Rax, a);
        else
            emit.Vmovd(Gpr.Rax, a);
    }

    /// <summary>A signed integer, or an unsigned one of 32 bits that is zero-extended in its register.</summary>
    private void EmitFromInteger(in IrInst inst, Xmm d, Gpr source, bool unsigned)
    {
        int bytes = unsigned ? 8 : inst.Aux;
        emit.Vex(V.Xorps, d, d, d);
        if (inst.Size == 8)
            emit.Vcvtsi2sd(bytes, d, d, source);
        else
            emit.Vcvtsi2ss(bytes, d, d, source);
        Scale(inst, d);
    }

    /// <summary>An unsigned integer of 64 bits, zero above.</summary>
    private void EmitFromHuge(in IrInst inst, Xmm d, Xmm source)
    {
        emit.Vex(inst.Size == 8 ? V.EvexCvtuqq2pd : V.EvexCvtuqq2ps, d, source);
        Scale(inst, d);
    }

    /// <summary>Without AVX-512: below 2^63 it is a signed integer, the rest is the oracle's.</summary>
    private void EmitFromHugeBySign(in IrInst inst, Gpr source)
    {
        ClobberFlags();
        Xmm d = DefineV(current);
        Label cold = emit.NewLabel();
        emit.Test(8, source, source);
        emit.Jcc(Cc.S, cold);
        EmitFromInteger(inst, d, source, unsigned: true);
        emit.Bind(AddFloatCold(inst, cold, d, source));
    }

    private bool TryEmitFloatFromLanes(in IrInst inst, bool unsigned)
    {
        int size = inst.Size;
        if ((size == 8 || unsigned) && !HasUnsignedConversions)
            return false;
        VexOp op = size == 4
            ? (unsigned ? V.EvexCvtudq2ps : V.Cvtdq2ps)
            : unsigned ? V.EvexCvtuqq2pd : V.EvexCvtqq2pd;
        VectorOperand a = new(UseV(inst.A));
        Xmm d = DefineV(current, inst.A);
        emit.Vex(op, d, inst.Shape == VectorShape.D ? CleanHalf(inst.A, a, d) : a.Register);
        Scale(inst, d);
        return true;
    }

    /// <summary>Times 2^−Imm: 2^−64 at the least, so neither zero nor a denormal comes of it.</summary>
    private void Scale(in IrInst inst, Xmm d)
    {
        if (inst.Imm == 0)
            return;
        int size = inst.Size;
        ulong scale = size == 8 ? (1023 - inst.Imm) << 52 : (127 - inst.Imm) << 23;
        VexOp op = Pick(inst.Shape == VectorShape.Scalar, size, V.Mulss, V.Mulsd, V.Mulps, V.Mulpd);
        emit.Vex(op, d, d, FloatConstant(size, scale));
    }
}
