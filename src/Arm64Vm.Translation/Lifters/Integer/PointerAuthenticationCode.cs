using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>PAC*, AUT*, XPAC* on general registers (FEAT_PAuth).</summary>
internal static class PointerAuthenticationCode
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        // Opcode bits 12:10: A/B key, D/I, PAC/AUT; bit 13: modifier zero; XPACI, XPACD are 010000 and 010001.
        int low = (int)i.Bits(12, 10);
        PointerAuthentication operation = i.Opcode switch
        {
            A64Opcode.Xpaci => PointerAuthentication.StripInstruction,
            A64Opcode.Xpacd => PointerAuthentication.StripData,
            _ => (PointerAuthentication)low,
        };
        bool modified = i.Opcode is >= A64Opcode.Pacia and <= A64Opcode.Autdb;
        IrValue modifier = modified ? b.ReadXOrSp(i.Rn) : b.Const64(0);
        b.WriteGpr(i.Rd, Emit(context, operation, b.ReadX(i.Rd), modifier));
        return true;
    }

    /// <summary>While no key is enabled, signing and authenticating leave the pointer alone.</summary>
    public static IrValue Emit(in LiftContext context, PointerAuthentication operation, IrValue pointer, IrValue modifier) =>
        operation < PointerAuthentication.SignGeneric && !context.Mode.PointerAuthentication
            ? pointer
            : context.Builder.Emit(IrOp.PointerAuth, IrType.I64, pointer, modifier, aux: (int)operation);
}
