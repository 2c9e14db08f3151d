using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Reads and writes of guest registers.</summary>
internal sealed partial class X64Compiler
{
    private void EmitSetX(in IrInst inst)
    {
        int value = inst.A;
        int guest = inst.Aux;
        bool word = region[value].Type == IrType.I32;
        byte pinned = HostAbi.PinnedX[guest];
        ref ValueState state = ref values[value];
        if (pinned != HostAbi.None)
        {
            Gpr target = (Gpr)pinned;
            if (state.Backing == Backing.GuestX && state.Index == guest && state.Register == HostAbi.None)
            {
                // Computed in place, or X[n] := X[n]. A 32-bit view may still need its upper half cleared.
                if (word && !state.ZeroUpper)
                {
                    Evacuate(Backing.GuestX, guest, value);
                    emit.Mov(4, target, target);
                    state.ZeroUpper = true;
                }

                return;
            }

            if (IsConstant(value))
            {
                Evacuate(Backing.GuestX, guest, 0);
                emit.MovImm(target, ConstantOf(value));
                return;
            }

            int width = word && !state.ZeroUpper ? 4 : 8;
            if (TryMemory(value, out Mem memory))
            {
                Evacuate(Backing.GuestX, guest, 0);
                emit.Mov(width, target, memory);
            }
            else
            {
                Gpr source = Use(value);
                Evacuate(Backing.GuestX, guest, 0);
                emit.Mov(width, target, source);
            }

            if (state.Backing == Backing.None && LivesOn(value) && (!word || state.ZeroUpper))
                SetAlias(value, Backing.GuestX, guest);
            return;
        }

        if (TryImmediate(value, 8, out int immediate) && (!word || immediate >= 0))
        {
            Evacuate(Backing.GuestX, guest, 0);
            emit.MovImm(8, HostAbi.X(guest), immediate);
            return;
        }

        Gpr register = Use(value);
        if (word && !state.ZeroUpper)
        {
            emit.Mov(4, HostAbi.Scratch, register);
            register = HostAbi.Scratch;
        }

        Evacuate(Backing.GuestX, guest, 0);
        emit.Mov(8, HostAbi.X(guest), register);
        if (state.Backing == Backing.None && LivesOn(value))
            SetAlias(value, Backing.GuestX, guest);
    }

    /// <summary>The register that holds the value, or the scratch register loaded with it: for moves that need no pool register.</summary>
    private Gpr Register(int value)
    {
        if (!TryMemory(value, out Mem memory))
            return Use(value);
        emit.Mov(8, HostAbi.Scratch, memory);
        return HostAbi.Scratch;
    }

    private void EmitSetV(in IrInst inst)
    {
        int value = inst.A;
        int guest = inst.Aux;
        ref ValueState state = ref values[value];
        byte pinned = PinnedV[guest];
        if (state.Backing == Backing.GuestV && state.Index == guest && (state.Register == HostAbi.None || pinned == HostAbi.None))
            return;
        if (pinned != HostAbi.None && state.Backing == Backing.Constant && state.Register == HostAbi.None)
        {
            Evacuate(Backing.GuestV, guest, 0);
            LoadConstant((Xmm)pinned, value);
            return;
        }

        Xmm source = UseV(value);
        Evacuate(Backing.GuestV, guest, 0);
        if (pinned != HostAbi.None)
            emit.Vex(V.Movaps, (Xmm)pinned, source);
        else
            emit.VexStore(V.Movaps, HostAbi.V(guest), source);
        if (state.Backing == Backing.None && LivesOn(value))
            SetAlias(value, Backing.GuestV, guest);
    }

    /// <summary>Low half of an I64: the same place, seen as 32 bits.</summary>
    private void EmitTruncate(in IrInst inst)
    {
        ref ValueState source = ref values[inst.A];
        ref ValueState target = ref values[current];
        if (IsConstant(inst.A))
        {
            // The region's constant is folded here: a later use reads the truncated bits.
            target.Backing = Backing.None;
            Gpr constant = Define(current);
            emit.MovImm(constant, (uint)ConstantOf(inst.A));
            target.ZeroUpper = true;
            return;
        }

        if (source.Backing == Backing.GuestX && target.Hint == HostAbi.None)
        {
            SetAlias(current, Backing.GuestX, source.Index);
            if (source.Register != HostAbi.None && DiesHere(inst.A))
                TakeRegister(inst.A);
            target.ZeroUpper = false;
            return;
        }

        if (source.Register != HostAbi.None && DiesHere(inst.A) && target.Hint == HostAbi.None)
        {
            TakeRegister(inst.A);
            target.ZeroUpper = false;
            return;
        }

        Gpr from = Use(inst.A);
        Gpr to = Define(current, inst.A);
        emit.Mov(4, to, from);
        target.ZeroUpper = true;
    }

    private void EmitZeroExtend(in IrInst inst)
    {
        ref ValueState source = ref values[inst.A];
        if (source.ZeroUpper && source.Register != HostAbi.None && DiesHere(inst.A) && values[current].Hint == HostAbi.None)
        {
            TakeRegister(inst.A);
            return;
        }

        if (TryMemory(inst.A, out Mem memory))
        {
            emit.Mov(4, Define(current), memory);
            return;
        }

        Gpr from = Use(inst.A);
        emit.Mov(4, Define(current, inst.A), from);
    }

    /// <summary>The current value takes over the pool register of an operand that dies here.</summary>
    private void TakeRegister(int operand)
    {
        ref ValueState source = ref values[operand];
        values[current].Register = source.Register;
        gprOwner[source.Register] = (ushort)current;
        source.Register = HostAbi.None;
    }
}
