using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>SBFM, UBFM, BFM, and the shifts, extensions and bit-field moves that are their aliases.</summary>
internal static class Bitfield
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        IrType type = RegisterOperand.TypeOf(i);
        IrValue source = b.ReadGpr(type, i.Rn);
        b.WriteGpr(i.Rd, i.Opcode switch
        {
            A64Opcode.Ubfm => Move(b, type, source, i.ImmR, i.ImmS, signed: false),
            A64Opcode.Bfm => Insert(b, type, b.ReadGpr(type, i.Rd), source, i.ImmR, i.ImmS),
            _ => Move(b, type, source, i.ImmR, i.ImmS, signed: true),
        });
        return true;
    }

    /// <summary>immS ≥ immR extracts bits immS:immR to the bottom; otherwise the low immS+1 bits go up by width − immR.</summary>
    private static IrValue Move(IrBuilder b, IrType type, IrValue source, int r, int s, bool signed)
    {
        int width = RegisterOperand.WidthOf(type);
        if (s == width - 1)
            return r == 0 ? source : b.Binary(signed ? IrOp.Sar : IrOp.Shr, type, source, b.Const(type, (ulong)r));
        if (s >= r)
            return Field(b, type, source, r, s - r + 1, signed);

        IrValue up = b.Const(type, (ulong)(width - r));
        bool plainShift = s + 1 == r;
        return b.Binary(IrOp.Shl, type, plainShift ? source : Field(b, type, source, 0, s + 1, signed), up);
    }

    private static IrValue Field(IrBuilder b, IrType type, IrValue source, int lsb, int width, bool signed)
    {
        if (signed && lsb == 0 && width is 8 or 16 or 32)
            return b.SignExtend(type, source, width / 8);
        return b.Emit(signed ? IrOp.BitsExtractSigned : IrOp.BitsExtractUnsigned, type, source, aux: lsb, imm: (ulong)width);
    }

    private static IrValue Insert(IrBuilder b, IrType type, IrValue destination, IrValue source, int r, int s)
    {
        if (s < r)
            return b.Emit(IrOp.BitsInsert, type, destination, source, aux: RegisterOperand.WidthOf(type) - r, imm: (ulong)(s + 1));
        if (r != 0)
            source = b.Binary(IrOp.Shr, type, source, b.Const(type, (ulong)r));
        return b.Emit(IrOp.BitsInsert, type, destination, source, aux: 0, imm: (ulong)(s - r + 1));
    }
}
