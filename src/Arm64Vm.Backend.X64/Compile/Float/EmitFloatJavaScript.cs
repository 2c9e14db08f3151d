using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>FJCVTZS: doubles to 32 bits, modulo 2^32.</summary>
internal sealed partial class X64Compiler
{
    /// <summary>
    /// The conversion to 32 bits raises what Arm raises: Inexact in range, Invalid out of it. Then the low bits come from one to
    /// 64 bits of the truncated value, which raises nothing; beyond that from the oracle.
    /// </summary>
    private bool TryEmitFloatToFixedJavaScript(in IrInst inst)
    {
        const byte truncateQuietly = 3 | RoundQuietly;
        if (FlushesToZero || !HaveFloatColdPath)
            return false;
        VectorOperand a = SourceOf(inst.A);
        ClobberFlags();
        Gpr d = Define(current);
        Label cold = emit.NewLabel();
        Label done = emit.NewLabel();
        Convert(8, 4, d, a, IntegerRounding.Truncate);
        emit.Alu(AluOp.Cmp, 4, d, 1);
        emit.JccShort(Cc.No, done);
        Xmm source = InRegister(a, HostAbi.VectorScratch, 8);
        emit.VexImm(V.Roundsd, HostAbi.VectorScratch, source, source, truncateQuietly);
        emit.Vcvttsd2si(8, d, HostAbi.VectorScratch);
        emit.Alu(AluOp.Cmp, 8, d, 1);
        emit.Jcc(Cc.O, cold);
        emit.Mov(4, d, d);
        emit.Bind(done);
        emit.Bind(AddFloatCold(inst, cold, d, a));
        values[current].ZeroUpper = true;
        return true;
    }

    /// <summary>Exact where converting back gives the same bits: −0 does not.</summary>
    private bool TryEmitFloatJavaScriptFlags(in IrInst inst)
    {
        if (FlushesToZero)
            return false;
        Xmm a = UseV(inst.A);
        ClobberFlags();
        // The conversion itself, which the value's operation does as well, raises the same flags.
        emit.Vcvttsd2si(4, Gpr.Rax, a);
        emit.Vex(V.Xorps, HostAbi.VectorScratch, HostAbi.VectorScratch, HostAbi.VectorScratch);
        emit.Vcvtsi2sd(4, HostAbi.VectorScratch, HostAbi.VectorScratch, Gpr.Rax);
        emit.Vex(V.Xorps, HostAbi.VectorScratch, HostAbi.VectorScratch, a);
        emit.Vmovq(Gpr.Rax, HostAbi.VectorScratch);
        emit.Test(8, Gpr.Rax, Gpr.Rax);
        emit.Setcc(Cc.Ne, Gpr.Rax);
        // Z as wanted; N, C and V clear.
        emit.Test(1, Gpr.Rax, Gpr.Rax);
        flagsOwner = values[current].LastUse != 0 ? current : 0;
        flagsForm = FlagForm.Arm;
        return true;
    }
}
