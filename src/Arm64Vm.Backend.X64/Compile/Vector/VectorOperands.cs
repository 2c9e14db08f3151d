using System.Buffers.Binary;
using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Registers within one vector instruction: operands, the result, and as many temporaries as it takes.</summary>
/// <remarks>
/// The pool has three vector registers, and an instruction may have three operands in it that live on. So temporaries come, in this order, from
/// the scratch register, the result's register while it is not written, the pool, and pinned registers that are saved for the instruction.
/// </remarks>
internal sealed partial class X64Compiler
{
    private const int MaxBorrowed = 8;

    private readonly byte[] borrowed = new byte[MaxBorrowed];
    private int borrowedCount;

    /// <summary>Registers that hold an operand, a temporary, or a result that is being written.</summary>
    private uint vectorBusy;
    private Xmm vectorResult;
    private bool hasVectorResult;

    /// <summary>The result is in a borrowed register: all pool registers hold operands that live on.</summary>
    private int deferredResult;

    private void BeginVector()
    {
        vectorBusy = 0;
        borrowedCount = 0;
        hasVectorResult = false;
        deferredResult = 0;
    }

    /// <summary>Moves a deferred result to the pool and restores borrowed registers.</summary>
    private void EndVector()
    {
        if (deferredResult != 0)
        {
            lockedXmm = 0;
            emit.Vex(V.Movaps, DefineVInPool(deferredResult), vectorResult);
        }

        for (int i = 0; i < borrowedCount; i++)
            emit.Vex(V.Movaps, (Xmm)borrowed[i], HostAbi.HostXmm(borrowed[i]));
    }

    /// <summary>True where the value was computed together with an earlier instruction.</summary>
    private bool IsDefinedEarly(int value) =>
        region[value].Type == IrType.V128 && (values[value].Register != HostAbi.None || values[value].Backing != Backing.None);

    /// <summary>An operand in a register; read only.</summary>
    private Xmm VIn(int value)
    {
        Xmm register = UseV(value);
        vectorBusy |= 1u << (int)register;
        return register;
    }

    /// <summary>An operand that only one host instruction reads: in a register, or in memory where loading it would serve nobody else.</summary>
    private VectorOperand VSource(int value)
    {
        if (IsVectorMemory(value) && TryVectorMemory(value, out Mem memory))
            return new VectorOperand(memory);
        return new VectorOperand(VIn(value));
    }

    private bool IsVectorMemory(int value)
    {
        ref ValueState state = ref values[value];
        if (state.Register != HostAbi.None)
            return false;
        if (state.Backing == Backing.Constant)
            return true;
        return state.Uses == 1 && (state.Backing == Backing.Spill || (state.Backing == Backing.GuestV && PinnedV[state.Index] == HostAbi.None));
    }

    /// <summary>Bytes of a value from <paramref name="offset"/> on, where it is in memory only.</summary>
    private bool TryVectorMemoryAt(int value, int offset, out Mem memory)
    {
        ref ValueState state = ref values[value];
        memory = default;
        if (!IsVectorMemory(value) || state.Backing == Backing.Constant)
            return false;
        memory = state.Backing == Backing.Spill
            ? HostAbi.Field(HostContext.SpillOffset + (state.Index * 16) + offset)
            : HostAbi.Field(GuestContext.VOffset + (state.Index * 16) + offset);
        return true;
    }

    /// <summary>The register to compute the current instruction's result into.</summary>
    private Xmm VOut(in IrInst inst) => VOut(inst, current, mayHint: true);

    private Xmm VOut(in IrInst inst, int value, bool mayHint)
    {
        int reuse = DyingInPool(inst.A) ? inst.A : DyingInPool(inst.B) ? inst.B : DyingInPool(inst.C) ? inst.C : 0;
        ref ValueState state = ref values[value];
        if (!mayHint)
            state.Hint = HostAbi.None;
        bool inPlace = TryHinted(state, out _);
        hasVectorResult = true;
        if (inPlace || reuse != 0 || HasFreeXmm)
        {
            vectorResult = DefineV(value, reuse);
        }
        else
        {
            vectorResult = BorrowXmm();
            deferredResult = value;
        }

        return vectorResult;
    }

    private bool DyingInPool(int value) =>
        value != 0 && region[value].Type == IrType.V128 && values[value].Register != HostAbi.None && DiesHere(value);

    private bool HasFreeXmm
    {
        get
        {
            foreach (byte candidate in HostAbi.PoolXmm)
            {
                if ((lockedXmm & (1u << candidate)) == 0)
                    return true;
            }

            return false;
        }
    }

    /// <summary>From here on the register of the result is no temporary.</summary>
    private Xmm VHold(Xmm register)
    {
        vectorBusy |= 1u << (int)register;
        return register;
    }

    private void VRelease(Xmm register) => vectorBusy &= ~(1u << (int)register);

    /// <summary>A register for the current instruction that holds no operand.</summary>
    private Xmm VTemp()
    {
        if ((vectorBusy & 1) == 0)
            return VHold(HostAbi.VectorScratch);
        if (hasVectorResult && (vectorBusy & (1u << (int)vectorResult)) == 0)
            return VHold(vectorResult);
        foreach (byte candidate in HostAbi.PoolXmm)
        {
            // A temporary that was released.
            if ((lockedXmm & (1u << candidate)) != 0 && xmmOwner[candidate] == 0 && (vectorBusy & (1u << candidate)) == 0)
                return VHold((Xmm)candidate);
        }

        return VHold(HasFreeXmm ? AllocateXmm() : BorrowXmm());
    }

    private Xmm BorrowXmm()
    {
        for (int i = 0; i < borrowedCount; i++)
        {
            if ((vectorBusy & (1u << borrowed[i])) == 0 && !(hasVectorResult && (int)vectorResult == borrowed[i]))
                return (Xmm)borrowed[i];
        }

        for (int guest = 31; ; guest--)
        {
            byte host = PinnedV[guest];
            if (host == HostAbi.None || HostAbi.IsUpper(host) || (vectorBusy & (1u << host)) != 0 || (hasVectorResult && (int)vectorResult == host) || IsBorrowed(host))
                continue;
            borrowed[borrowedCount++] = host;
            // The save area for resumable exits has a place for every host register, and those of pinned ones are never used.
            emit.VexStore(V.Movaps, HostAbi.HostXmm(host), (Xmm)host);
            return (Xmm)host;
        }
    }

    private bool IsBorrowed(int host)
    {
        for (int i = 0; i < borrowedCount; i++)
        {
            if (borrowed[i] == host)
                return true;
        }

        return false;
    }

    // ---- Shorthands --------------------------------------------------------------------------------------------------

    private void Vex(VexOp op, Xmm d, Xmm a, in VectorOperand b)
    {
        if (b.IsMemory)
            emit.Vex(op, d, a, b.Memory);
        else
            emit.Vex(op, d, a, b.Register);
    }

    private void Vex(VexOp op, Xmm d, in VectorOperand b)
    {
        if (b.IsMemory)
            emit.Vex(op, d, b.Memory);
        else
            emit.Vex(op, d, b.Register);
    }

    private void VexImm(VexOp op, Xmm d, Xmm a, in VectorOperand b, int imm)
    {
        if (b.IsMemory)
            emit.VexImm(op, d, a, b.Memory, (byte)imm);
        else
            emit.VexImm(op, d, a, b.Register, (byte)imm);
    }

    private void VexImm2(VexOp op, Xmm d, in VectorOperand b, int imm)
    {
        if (b.IsMemory)
            emit.VexImm2(op, d, b.Memory, (byte)imm);
        else
            emit.VexImm2(op, d, b.Register, (byte)imm);
    }

    private void VMove(Xmm d, Xmm s)
    {
        if (d != s)
            emit.Vex(V.Movaps, d, s);
    }

    private void VMove(Xmm d, in VectorOperand s)
    {
        if (s.IsMemory)
            emit.Vex(V.Movaps, d, s.Memory);
        else
            VMove(d, s.Register);
    }

    private Xmm VZero(Xmm d)
    {
        emit.Vex(V.Pxor, d, d, d);
        return d;
    }

    private Xmm VOnes(Xmm d)
    {
        if (HostAbi.IsUpper((int)d))
            emit.VexImm(V.EvexPternlogd, d, d, d, 0xFF);
        else
            emit.Vex(V.Pcmpeqd, d, d, d);
        return d;
    }

    /// <summary>A result of two operands by one host instruction.</summary>
    /// <param name="commutes">The operands may change places.</param>
    /// <param name="keepsZero">Zeros give zero, so that nothing is to be cleared above operands that are clear there themselves.</param>
    private bool VBinary(in IrInst inst, VexOp op, bool commutes, bool keepsZero = true)
    {
        int left = inst.A, right = inst.B;
        if (commutes && IsVectorMemory(left) && !IsVectorMemory(right))
            (left, right) = (right, left);
        Xmm a = VIn(left);
        VectorOperand b = VSource(right);
        Xmm d = VOut(inst);
        Vex(op, d, a, b);
        if (keepsZero)
            KeepClear(inst, d);
        else
            ClearAbove(inst, d);
        return true;
    }

    /// <summary>As <see cref="ClearAbove(in IrInst, Xmm)"/> after an operation that makes zero of zeros.</summary>
    private void KeepClear(in IrInst inst, Xmm d)
    {
        if (!IsClearAbove(inst, inst.A) || (inst.B != 0 && !IsClearAbove(inst, inst.B)))
            ClearAbove(inst, d);
    }

    /// <summary>True where the operand is known to be zero above the instruction's live lanes.</summary>
    private bool IsClearAbove(in IrInst inst, int value)
    {
        int live = inst.Shape switch { VectorShape.Q => 16, VectorShape.D => 8, _ => inst.Size };
        if (live == 16)
            return true;
        ref IrInst definition = ref region[value];
        if (definition.Op == IrOp.Load)
            return definition.Size <= live;
        if (definition.Op is IrOp.VectorInsertElement or IrOp.VectorInsertFromElement or IrOp.VectorCombine or (>= IrOp.VectorAesEncrypt and <= IrOp.VectorSm4Key))
            return false;
        if (IrOps.IsFloat(definition.Op))
            return definition.Shape != VectorShape.Q && live == 8;
        if (!IrOps.IsVector(definition.Op))
            return false;
        return definition.Shape == VectorShape.D ? live == 8 : definition.Shape == VectorShape.Scalar && (live == 8 || definition.Size == live) && !IsWidening(definition.Op);
    }

    private static bool IsWidening(IrOp op) =>
        op is (>= IrOp.VectorWidenUnsigned and <= IrOp.VectorPairAddLongSigned) or IrOp.VectorSaturatingDoublingMulLong;

    /// <summary>Clears what is above the live lanes, of <see cref="IrInst.Size"/> bytes in shape Scalar.</summary>
    private void ClearAbove(in IrInst inst, Xmm d) => ClearAbove(inst.Shape, inst.Size, d, d);

    private void ClearAbove(VectorShape shape, int size, Xmm d, Xmm s)
    {
        if (shape == VectorShape.Q)
        {
            VMove(d, s);
            return;
        }

        if (shape == VectorShape.D)
            size = 8;
        switch (size)
        {
            case 8:
                emit.Vmovq(d, s);
                break;
            case 4:
                // Element 0 to element 0, elements 1 to 3 cleared.
                emit.VexImm(V.Insertps, d, s, s, 0b1110);
                break;
            default:
                emit.Vex(V.Pand, d, s, VConst(size == 1 ? 0xFFUL : 0xFFFF, 0));
                break;
        }
    }

    private static VexOp BySize(int size, VexOp b, VexOp w, VexOp d, VexOp q) => size switch
    {
        1 => b,
        2 => w,
        4 => d,
        _ => q,
    };

    private Mem VConst(ulong low, ulong high) => Mem.RipTo(host.ConstantAddress(low, high));

    /// <summary>A constant of equal elements.</summary>
    private Mem VSplat(int size, ulong element)
    {
        ulong half = Replicate(size, element);
        return VConst(half, half);
    }

    private static ulong Replicate(int size, ulong element) => size switch
    {
        1 => (byte)element * 0x0101_0101_0101_0101UL,
        2 => (ushort)element * 0x0001_0001_0001_0001UL,
        4 => (uint)element * 0x0000_0001_0000_0001UL,
        _ => element,
    };

    private static ulong SignBit(int size) => 1UL << ((size * 8) - 1);

    private static ulong ElementMask(int size) => ulong.MaxValue >> (64 - (size * 8));

    private Mem VBytes(ReadOnlySpan<byte> bytes) =>
        VConst(BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));

    // ---- Constants ---------------------------------------------------------------------------------------------------

    /// <summary>The bits of a value that is known when compiling.</summary>
    private bool TryVectorConstant(int value, out Bits128 constant)
    {
        ref IrInst inst = ref region[value];
        constant = default;
        if (inst.Op == IrOp.VectorConst)
        {
            constant = new Bits128(inst.Imm, inst.Shape == VectorShape.Q ? inst.Imm : 0);
            return true;
        }

        if (inst.Op != IrOp.VectorCombine || !TryVectorConstant(inst.A, out Bits128 low) || !TryVectorConstant(inst.B, out Bits128 high))
            return false;
        constant = new Bits128(low.Lo, high.Lo);
        return true;
    }

    private Mem ConstantMemory(int value)
    {
        TryVectorConstant(value, out Bits128 constant);
        return VConst(constant.Lo, constant.Hi);
    }

    /// <summary>Puts a constant into a register.</summary>
    private void LoadConstant(Xmm d, int value)
    {
        TryVectorConstant(value, out Bits128 constant);
        if (constant == Bits128.Zero)
            VZero(d);
        else if ((constant.Lo & constant.Hi) == ulong.MaxValue)
            VOnes(d);
        else
            emit.Vex(V.Movaps, d, VConst(constant.Lo, constant.Hi));
    }
}
