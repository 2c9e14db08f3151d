using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>ADR, ADRP (Arm ARM C4.1.86, PC-rel. addressing).</summary>
internal static class PcRelative
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        b.WriteGpr(i.Rd, i.Opcode == A64Opcode.Adr
            ? b.PcRelative(i.ImmAdr)
            : b.Add(IrType.I64, b.PcPage(), b.Const64((ulong)(i.ImmAdr << 12))));
        return true;
    }
}
