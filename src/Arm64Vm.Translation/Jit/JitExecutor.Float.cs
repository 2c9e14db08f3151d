using Arm64Vm.Ir;
using Arm64Vm.Ir.Interpreter;

namespace Arm64Vm.Translation.Jit;

/// <summary>MXCSR stands for FPCR and the cumulative part of FPSR while emitted code runs.</summary>
internal sealed unsafe partial class JitExecutor
{
    /// <summary>All exceptions masked, round to nearest.</summary>
    private const uint MaskedMxcsr = 0x1F80;

    /// <summary>MXCSR's IE ZE OE UE PE; DE is not Arm's IDC unless inputs are flushed, and then the oracle computes.</summary>
    private const uint StickyMask = 0b11_1101;

    public void SynchronizeFloatStatus(GuestContext* context)
    {
        uint sticky = context->HostMode & StickyMask;
        // MXCSR: IE 0, ZE 2, OE 3, UE 4, PE 5.   FPSR: IOC 0, DZC 1, OFC 2, UFC 3, IXC 4.
        context->Fpsr |= (sticky & 1) | ((sticky >> 1) & 0b11110);
        context->HostMode &= ~0x3Fu;
        if ((context->Saturation[0] | context->Saturation[1]) != 0)
        {
            context->Fpsr |= FpEnvironment.Saturated;
            context->Saturation[0] = context->Saturation[1] = 0;
        }
    }

    public void FloatControlChanged(GuestContext* context)
    {
        SynchronizeFloatStatus(context);
        // RMode: 0 nearest, 1 up, 2 down, 3 zero.   MXCSR.RC: 0 nearest, 1 down, 2 up, 3 zero.
        uint mode = (context->Fpcr >> 22) & 3;
        uint rounding = mode switch { 1 => 2u, 2 => 1u, _ => mode };
        context->HostMode = MaskedMxcsr | (rounding << 13);
    }
}
