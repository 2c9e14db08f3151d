using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>Resumable exits: a call to a stub that leaves with all registers saved, followed by a record of what is wanted.</summary>
internal sealed partial class X64Compiler
{
    private const int FirstColdPaths = 32;

    private enum ColdForm : byte
    {
        /// <summary>A memory access whose probe failed.</summary>
        Probe,

        /// <summary>A memory access without a valid window: it probes for itself.</summary>
        Window,

        /// <summary>Not a memory access: the result comes from operand slot 0.</summary>
        Result,
    }

    /// <summary>A slow path that is emitted behind the unit's hot code.</summary>
    private struct ColdPath
    {
        public ColdForm Form;
        public ProbeState Probe;
        public Label Entry;
        public Label Resume;
        public SlowDescriptor Descriptor;

        /// <summary>The value to store where the descriptor has no source.</summary>
        public int Immediate;

        /// <summary>Flags that the hot code has not stored.</summary>
        public StaleFlags Flags;

        /// <summary>Windows that are live where execution goes on.</summary>
        public int Windows;

        /// <summary>Form Window: how to get at the address, the stub that probes, and the window to end where its probe failed (or rax).</summary>
        public AddressSource Address;
        public long Displacement;
        public long Stub;
        public Gpr Window;
    }

    private ColdPath[] coldPaths = new ColdPath[FirstColdPaths];
    private int coldCount;
    private int codeOffset;

    private SlowDescriptor Describe(
        SlowKind kind,
        in IrInst inst,
        byte destination = SlowDescriptor.NoRegister,
        byte destination2 = SlowDescriptor.NoRegister,
        byte source = SlowDescriptor.NoRegister,
        byte source2 = SlowDescriptor.NoRegister)
    {
        SlowDescriptor descriptor = default;
        descriptor.Kind = kind;
        descriptor.Size = inst.Size;
        descriptor.Aux = kind == SlowKind.Atomic ? (byte)inst.Imm : inst.Aux;
        descriptor.Type = kind is SlowKind.Store or SlowKind.StorePair or SlowKind.StoreExclusive ? region[inst.B].Type : inst.Type;
        descriptor.Destination = destination;
        descriptor.Destination2 = destination2;
        descriptor.Source = source;
        descriptor.Source2 = source2;
        descriptor.Pc = inst.Pc;
        return descriptor;
    }

    /// <summary>Registers a slow path for the access just emitted; execution resumes at the current position.</summary>
    private void AddCold(
        SlowKind kind,
        in IrInst inst,
        byte destination = SlowDescriptor.NoRegister,
        byte destination2 = SlowDescriptor.NoRegister,
        byte source = SlowDescriptor.NoRegister,
        byte source2 = SlowDescriptor.NoRegister) => AddColdAccess(Describe(kind, inst, destination, destination2, source, source2), 0);

    private void AddColdAccess(in SlowDescriptor access, int immediate)
    {
        ref ColdPath cold = ref AddColdPath(ColdForm.Probe, access);
        cold.Probe = probe;
        cold.Immediate = immediate;
    }

    private void AddColdWindow(Label entry, in SlowDescriptor access, int immediate, Gpr window, long stub)
    {
        ref ColdPath cold = ref AddColdPath(ColdForm.Window, access);
        cold.Entry = entry;
        cold.Immediate = immediate;
        cold.Address = accessAddress;
        cold.Displacement = accessDisplacement;
        cold.Window = window;
        cold.Stub = stub;
    }

    private ref ColdPath AddColdPath(ColdForm form, in SlowDescriptor descriptor)
    {
        if (coldCount == coldPaths.Length)
            Array.Resize(ref coldPaths, coldCount * 2);
        ref ColdPath cold = ref coldPaths[coldCount++];
        cold.Form = form;
        cold.Resume = emit.Here();
        cold.Descriptor = descriptor;
        cold.Flags = FindStaleFlags();
        cold.Windows = windows.Live;
        return ref cold;
    }

    /// <summary>
    /// Registers a slow path at <paramref name="entry"/> for an operation that gets the sources in operand slots 0 and 1 (zero where there is none) and whose
    /// result the run loop leaves in slot 0; execution resumes at the current position.
    /// </summary>
    private void AddColdResult(Label entry, SlowKind kind, in IrInst inst, Gpr destination, byte source = SlowDescriptor.NoRegister, byte source2 = SlowDescriptor.NoRegister)
    {
        ref ColdPath cold = ref AddColdPath(ColdForm.Result, Describe(kind, inst, (byte)destination, SlowDescriptor.NoRegister, source, source2));
        cold.Entry = entry;
        cold.Descriptor.Index = (uint)inst.Imm;
    }

    /// <summary>A slow exit on the main path: the operation always needs the run loop.</summary>
    private void CallSlow(
        SlowKind kind,
        in IrInst inst,
        byte destination = SlowDescriptor.NoRegister,
        byte destination2 = SlowDescriptor.NoRegister,
        byte source = SlowDescriptor.NoRegister,
        byte source2 = SlowDescriptor.NoRegister,
        uint index = 0)
    {
        SlowDescriptor descriptor = Describe(kind, inst, destination, destination2, source, source2);
        descriptor.Index = index;
        EmitSlowCall(descriptor);
        windows.Drop(gprOwner);
    }

    private void EmitSlowCall(in SlowDescriptor descriptor)
    {
        emit.CallTo(stubs.SlowExit);
        if (descriptor.Kind == SlowKind.Pure)
            emit.References.Add(emit.Position, new CodeReference(emit.Position + SlowDescriptor.IndexOffset, ReferenceKind.Operation, descriptor.Index));
        emit.Bytes(MemoryMarshal.AsBytes(new ReadOnlySpan<SlowDescriptor>(in descriptor)));
    }

    /// <summary>Where a cold path about to be emitted goes on, for its record: at a jump to the hot code, which may be anywhere once it is apart.</summary>
    private int ResumePosition(in ColdPath cold)
    {
        int position = emit.Position;
        emit.Jmp(cold.Resume);
        return position;
    }

    /// <summary>The record of a memory access that leaves.</summary>
    private void EmitMemoryRecord(in ColdPath cold, int resume) =>
        emit.Qword(MemoryRecord.Pack(cold.Descriptor, cold.Windows, emit.Position - resume).Bits);

    private void EmitColdPaths()
    {
        for (int i = 0; i < coldCount; i++)
        {
            ref ColdPath cold = ref coldPaths[i];
            Map?.Add(emit.Position, cold.Descriptor.Pc);
            switch (cold.Form)
            {
                case ColdForm.Result:
                    EmitColdResult(cold);
                    break;
                case ColdForm.Window:
                    EmitColdWindow(cold);
                    break;
                default:
                    EmitColdProbe(cold);
                    break;
            }
        }
    }

    private void EmitColdResult(in ColdPath cold)
    {
        emit.Bind(cold.Entry);
        EmitColdOperand(0, cold.Descriptor.Source);
        EmitColdOperand(1, cold.Descriptor.Source2);
        EmitSlowCall(cold.Descriptor);
        EmitEndWindows(cold.Windows);
        emit.Mov(8, (Gpr)cold.Descriptor.Destination, HostAbi.Operand(0));
        emit.Jmp(cold.Resume);
    }

    private void EmitColdProbe(in ColdPath cold)
    {
        int resume = ResumePosition(cold);
        emit.Bind(cold.Probe.Missed);
        EmitColdImmediate(cold);
        EmitStaleFlags(cold.Flags, keepsScratch: true);
        emit.CallTo(stubs.ProbeMiss(cold.Probe.Table, cold.Probe.Index));
        emit.Jmp(cold.Probe.Found);
        EmitMemoryRecord(cold, resume);
        if (!cold.Probe.Misaligned.IsValid)
            return;

        emit.Bind(cold.Probe.Misaligned);
        EmitColdImmediate(cold);
        EmitStaleFlags(cold.Flags, keepsScratch: true);
        emit.CallTo(stubs.SlowExit);
        EmitMemoryRecord(cold, resume);
    }

    private void EmitColdWindow(in ColdPath cold)
    {
        int resume = ResumePosition(cold);
        Label found = emit.NewLabel();
        emit.Bind(cold.Entry);
        EmitColdImmediate(cold);
        EmitStaleFlags(cold.Flags, keepsScratch: false);
        cold.Address.Emit(emit, Gpr.Rax, cold.Displacement);
        emit.CallTo(cold.Stub);
        emit.JmpShort(found);
        EmitMemoryRecord(cold, resume);
        emit.Bind(found);
        EmitAccess(cold.Descriptor, Gpr.Rax, 0, cold.Immediate);
        if (cold.Window != Gpr.Rax)
            emit.Alu(AluOp.Xor, 4, cold.Window, cold.Window);
        emit.Jmp(cold.Resume);
    }

    /// <summary>The value that a store without a register stores travels in operand slot 0.</summary>
    private void EmitColdImmediate(in ColdPath cold)
    {
        if (cold.Descriptor.Kind == SlowKind.Store && cold.Descriptor.Source == SlowDescriptor.NoRegister)
            emit.MovImm(8, HostAbi.Operand(0), cold.Immediate);
    }

    /// <summary>Ends windows after an exit during which mappings may have changed, on this processor or by another.</summary>
    private void EmitEndWindows(int set)
    {
        for (; set != 0; set &= set - 1)
        {
            Gpr register = (Gpr)HostAbi.PoolGpr[System.Numerics.BitOperations.TrailingZeroCount(set)];
            emit.Alu(AluOp.Xor, 4, register, register);
        }
    }

    private void EmitColdOperand(int slot, byte source)
    {
        if (source == SlowDescriptor.NoRegister)
            emit.MovImm(8, HostAbi.Operand(slot), 0);
        else
            emit.Mov(8, HostAbi.Operand(slot), (Gpr)source);
    }

    private void StoreOperand(int slot, int value)
    {
        switch (region[value].Type)
        {
            case IrType.V128:
                emit.VexStore(V.Movaps, HostAbi.Operand(slot), UseV(value));
                break;
            case IrType.Flags:
                if (values[value].Backing == Backing.Recompute)
                    UseFlags(value);
                if (flagsOwner == value)
                {
                    StoreHostFlags(HostAbi.Operand(slot));
                }
                else
                {
                    emit.Mov(4, Gpr.Rax, FlagsMemory(value));
                    emit.Mov(4, HostAbi.Operand(slot), Gpr.Rax);
                }

                break;
            default:
                emit.Mov(8, HostAbi.Operand(slot), Use(value));
                break;
        }
    }

    /// <summary>An operation evaluated by the oracle's semantics: operands in slots 0–3, the result in slot 0.</summary>
    private void EmitPureCall(in IrInst inst)
    {
        if (inst.A != 0)
            StoreOperand(0, inst.A);
        if (inst.B != 0)
            StoreOperand(1, inst.B);
        if (inst.C != 0)
            StoreOperand(2, inst.C);
        if (inst.D != 0)
            StoreOperand(3, inst.D);
        ClobberFlags();
        // The operands are in memory now: their registers are free for the result.
        lockedGpr = 0;
        lockedXmm = 0;
        CallSlow(SlowKind.Pure, inst, index: host.InternPureOperation(inst));
        switch (inst.Type)
        {
            case IrType.V128:
                emit.Vex(V.Movaps, DefineV(current), HostAbi.Operand(0));
                break;
            case IrType.Flags:
                emit.Mov(4, Gpr.Rax, HostAbi.Operand(0));
                LoadHostFlagsFromScratch();
                flagsOwner = values[current].LastUse != 0 ? current : 0;
                flagsForm = FlagForm.Arm;
                break;
            default:
                emit.Mov(8, Define(current), HostAbi.Operand(0));
                values[current].ZeroUpper = inst.Type == IrType.I32;
                break;
        }
    }
}
