using Arm64Vm.Ir;
using Arm64Vm.Isa;

namespace Arm64Vm.Translation.Lifters;

/// <summary>LDR*, STR*, LDUR*, STUR*, LDTR*, STTR*, PRFM and LDRAA/LDRAB of general registers.</summary>
internal static class LoadStoreSingle
{
    public static bool Lift(in LiftContext context, A64Instruction i)
    {
        if (i.Opcode is A64Opcode.PrfmImmediate or A64Opcode.PrfmRegister or A64Opcode.PrfmUnscaled)
            return true;
        Access(context, i, AddressOf(context.Builder, i, i.AccessSize));
        return true;
    }

    public static bool LiftLiteral(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        Addressing address = Addressing.Literal(b, context.GuestOffset + i.Imm19Offset);
        switch (i.Opcode)
        {
            case A64Opcode.LdrLiteral:
                Load(b, i.Rt, i.Bit(30) ? 8 : 4, signed: false, wide: false, address, MemoryFlags.None);
                break;
            case A64Opcode.LdrswLiteral:
                Load(b, i.Rt, 4, signed: true, wide: true, address, MemoryFlags.None);
                break;
        }

        return true;
    }

    /// <summary>LDRAA, LDRAB: the base is authenticated with modifier 0; the offset is scaled by 8.</summary>
    public static bool LiftAuthenticated(in LiftContext context, A64Instruction i)
    {
        IrBuilder b = context.Builder;
        long offset = ((long)i.Imm9 & 0x1FF | (i.Bit(22) ? -512L : 0)) * 8;
        PointerAuthentication operation = i.Opcode == A64Opcode.Ldraa ? PointerAuthentication.AuthDA : PointerAuthentication.AuthDB;
        IrValue pointer = PointerAuthenticationCode.Emit(context, operation, b.ReadXOrSp(i.Rn), b.Const64(0));
        IrValue address = b.Add(IrType.I64, pointer, b.Const64((ulong)offset));
        b.WriteGpr(i.Rt, b.Load(IrType.I64, 8, address));
        if (i.Bit(11))
            b.WriteGprOrSp(i.Rn, address);
        return true;
    }

    /// <summary>The address of a single-register access by the form in bits 24, 21 and 11:10; <paramref name="scale"/> is log2 of the size.</summary>
    public static Addressing AddressOf(IrBuilder b, A64Instruction i, int scale)
    {
        if (i.Bit(24))
            return Addressing.Offset(b, i.Rn, (long)i.Imm12 << scale);
        if (i.Bit(21))
            return Addressing.Register(b, i.Rn, i.Rm, i.Option, i.Bit(12) ? scale : 0);
        return i.Bits(11, 10) switch
        {
            1 => Addressing.PostIndexed(b, i.Rn, i.Imm9),
            3 => Addressing.PreIndexed(b, i.Rn, i.Imm9),
            _ => Addressing.Offset(b, i.Rn, i.Imm9),
        };
    }

    /// <summary>A load that writes its register, 31 being ZR. <paramref name="wide"/>: sign extension goes to 64 bits.</summary>
    public static void Load(IrBuilder b, int register, int size, bool signed, bool wide, in Addressing address, MemoryFlags flags)
    {
        IrType type = size == 8 || (signed && wide) ? IrType.I64 : IrType.I32;
        if (signed)
            flags |= MemoryFlags.SignExtend;
        b.WriteGpr(register, b.Load(type, size, address.Address, address.Displacement, flags));
    }

    /// <summary>The low bytes of a general register, 31 being ZR.</summary>
    public static IrValue ReadSource(IrBuilder b, int register, int size) => size == 8 ? b.ReadX(register) : b.ReadW(register);

    /// <summary>opc (23:22): 0 = store, 1 = load, 2 = sign-extending load to 64 bits, 3 = to 32 bits.</summary>
    private static void Access(in LiftContext context, A64Instruction i, in Addressing address)
    {
        IrBuilder b = context.Builder;
        int size = 1 << i.AccessSize;
        bool unprivileged = A64Opcodes.Group(i.Opcode) == A64Group.LoadStoreUnprivileged && context.Mode.ExceptionLevel > 0 && !context.Mode.UserOverride;
        MemoryFlags flags = unprivileged ? MemoryFlags.Unprivileged : MemoryFlags.None;
        if (i.Opc == 0)
            b.Store(size, address.Address, ReadSource(b, i.Rt, size), address.Displacement, flags);
        else
            Load(b, i.Rt, size, signed: i.Opc >= 2, wide: i.Opc == 2, address, flags);
        address.WriteBack(b);
    }
}
