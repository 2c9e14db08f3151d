using Arm64Vm.Ir;
using Arm64Vm.Ir.Interpreter;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>MXCSR stands for FPCR and the cumulative part of FPSR while emitted code runs.</summary>
internal static unsafe class HostFloatMode
{
    /// <summary>All exceptions masked, round to nearest.</summary>
    public const uint Default = 0x1F80;

    /// <summary>MXCSR's IE ZE OE UE PE; DE is not Arm's IDC unless inputs are flushed, and then the oracle computes.</summary>
    private const uint StickyMask = 0b11_1101;

    /// <summary>Brings FPSR up to date.</summary>
    /// <remarks>SAFETY: <paramref name="context"/> is valid and its code is not running.</remarks>
    public static void Synchronize(GuestContext* context)
    {
        HostContext* host = HostContext.Of(context);
        uint sticky = host->Mode & StickyMask;
        // MXCSR: IE 0, ZE 2, OE 3, UE 4, PE 5.   FPSR: IOC 0, DZC 1, OFC 2, UFC 3, IXC 4.
        context->Fpsr |= (sticky & 1) | ((sticky >> 1) & 0b11110);
        host->Mode &= ~0x3Fu;
        if ((host->Saturation[0] | host->Saturation[1]) != 0)
        {
            context->Fpsr |= FpEnvironment.Saturated;
            host->Saturation[0] = host->Saturation[1] = 0;
        }
    }

    /// <summary>FPCR has changed.</summary>
    /// <remarks>SAFETY: as <see cref="Synchronize"/>.</remarks>
    public static void Follow(GuestContext* context)
    {
        Synchronize(context);
        // RMode: 0 nearest, 1 up, 2 down, 3 zero.   MXCSR.RC: 0 nearest, 1 down, 2 up, 3 zero.
        uint mode = (context->Fpcr >> 22) & 3;
        uint rounding = mode switch { 1 => 2u, 2 => 1u, _ => mode };
        HostContext.Of(context)->Mode = Default | (rounding << 13);
    }
}
