using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>PAC* and AUT* with the fast algorithm: three AES rounds of {pointer, modifier}; XPAC*.</summary>
/// <remarks>
/// What is common in front: s = 0 or −1 by bit 55 of the pointer, f = the bits that hold the code in that half, d = (pointer ^ s) &amp; f.
/// <code>
/// sign          a canonical pointer has d = 0 (others leave); result = pointer ^ (code(pointer) &amp; f)
/// strip         pointer ^ d
/// authenticate  the canonical pointer is pointer ^ d; right where code(canonical) &amp; f = d (others leave and fault there)
/// </code>
/// The slow path gets pointer and modifier in operand slots 0 and 1.
/// </remarks>
internal sealed partial class X64Compiler
{
    private const int PointerCodeRounds = 3;

    private bool TryEmitPointerAuth(in IrInst inst)
    {
        var operation = (PointerAuthentication)inst.Aux;
        if (inst.Op != IrOp.PointerAuth)
            return false;
        if (operation is PointerAuthentication.StripInstruction or PointerAuthentication.StripData)
        {
            EmitPointerStrip(inst, isData: operation == PointerAuthentication.StripData);
            return true;
        }

        if (operation > PointerAuthentication.AuthDB || !features.Aes)
            return false;

        int key = (int)operation & 3;
        bool authenticates = operation >= PointerAuthentication.AuthIA;
        bool modified = !IsConstant(inst.B) || ConstantOf(inst.B) != 0;
        Gpr pointer = Use(inst.A);
        Gpr modifier = modified ? Use(inst.B) : default;
        ClobberFlags();
        Gpr field = ScratchGpr();
        Gpr difference = authenticates ? ScratchGpr() : default;
        Gpr target = Define(current);
        Label cold = emit.NewLabel();

        emit.Test(4, PointerCode(PointerCodes.EnabledOffset), 1 << key);
        emit.Jcc(Cc.E, cold);
        EmitPointerField(pointer, field, isData: key >= 2);
        if (authenticates)
        {
            emit.Alu(AluOp.And, 8, Gpr.Rax, field);
            emit.Mov(8, difference, Gpr.Rax);
            emit.Alu(AluOp.Xor, 8, Gpr.Rax, pointer);
            EmitPointerCode(key, Gpr.Rax, modified, modifier);
            emit.Alu(AluOp.And, 8, Gpr.Rax, field);
            emit.Alu(AluOp.Cmp, 8, Gpr.Rax, difference);
            emit.Jcc(Cc.Ne, cold);
        }
        else
        {
            emit.Test(8, Gpr.Rax, field);
            emit.Jcc(Cc.Ne, cold);
            EmitPointerCode(key, pointer, modified, modifier);
            emit.Alu(AluOp.And, 8, Gpr.Rax, field);
        }

        // Authentication: rax is the difference too.
        emit.Alu(AluOp.Xor, 8, Gpr.Rax, pointer);
        emit.Mov(8, target, Gpr.Rax);
        AddColdResult(cold, SlowKind.PointerAuth, inst, target, (byte)pointer, modified ? (byte)modifier : SlowDescriptor.NoRegister);
        return true;
    }

    private void EmitPointerStrip(in IrInst inst, bool isData)
    {
        Gpr pointer = Use(inst.A);
        ClobberFlags();
        Gpr field = ScratchGpr();
        Gpr target = Define(current);
        Label cold = emit.NewLabel();
        emit.Test(4, PointerCode(PointerCodes.EnabledOffset), PointerCodes.FieldsValid);
        emit.Jcc(Cc.E, cold);
        EmitPointerField(pointer, field, isData);
        emit.Alu(AluOp.And, 8, Gpr.Rax, field);
        emit.Alu(AluOp.Xor, 8, Gpr.Rax, pointer);
        emit.Mov(8, target, Gpr.Rax);
        AddColdResult(cold, SlowKind.PointerAuth, inst, target, (byte)pointer);
    }

    /// <summary>field := f, rax := pointer ^ s.</summary>
    private void EmitPointerField(Gpr pointer, Gpr field, bool isData)
    {
        emit.Mov(8, Gpr.Rax, pointer);
        emit.Shift(ShiftOp.Shl, 8, Gpr.Rax, 8);
        emit.Shift(ShiftOp.Sar, 8, Gpr.Rax, 63);
        emit.Mov(4, field, Gpr.Rax);
        emit.Alu(AluOp.And, 4, field, 8);
        int fields = GuestContext.PointerCodesOffset + PointerCodes.FieldsOffset + (isData ? 16 : 0);
        emit.Mov(8, field, Mem.Index(HostAbi.Context, field, 1, fields - HostAbi.ContextBias));
        emit.Alu(AluOp.Xor, 8, Gpr.Rax, pointer);
    }

    /// <summary>rax := the code of a canonical pointer.</summary>
    private void EmitPointerCode(int key, Gpr pointer, bool modified, Gpr modifier)
    {
        Mem keyMemory = HostAbi.Field(GuestContext.DirectRegistersOffset + (((int)DirectRegister.KeyIALow + (key * 2)) * 8));
        const Xmm State = HostAbi.VectorScratch;
        emit.Vmovq(State, pointer);
        if (modified)
            emit.Vpinsrq(State, State, modifier, 1);
        emit.Vex(V.Pxor, State, State, keyMemory);
        for (int i = 0; i < PointerCodeRounds; i++)
            emit.Vex(V.Aesenc, State, State, keyMemory);
        emit.Vmovq(Gpr.Rax, State);
    }

    private static Mem PointerCode(int field) => HostAbi.Field(GuestContext.PointerCodesOffset + field);
}
