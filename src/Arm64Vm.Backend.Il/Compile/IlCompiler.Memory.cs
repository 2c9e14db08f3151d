using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.InteropServices;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.Il;

/// <summary>Guest memory accesses: an inline probe of the software TLB in the context, and a service call behind the blocks.</summary>
/// <remarks>
/// <code>
/// slot = context + ((address >> 8) &amp; (entries − 1) * 16)
/// in   = address − slot->tag
/// if (in > 4096 − size) goto slow             // unsigned: another page, and an access that leaves the page
/// value = *(T*)(in + slot->host)
/// </code>
/// On x86 every access is marked volatile, which costs nothing there and keeps the compiler from merging or moving guest accesses; elsewhere
/// barriers stand beside acquires and releases.
/// </remarks>
internal sealed partial class IlCompiler
{
    private static readonly bool s_isTotalStoreOrder = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86;

    private void CompileMemory(in IrInst inst)
    {
        switch (inst.Op)
        {
            case IrOp.Load:
                EmitLoad(inst);
                break;
            case IrOp.LoadPair:
                EmitLoadPair(inst);
                break;
            case IrOp.Store:
                EmitStore(inst);
                break;
            case IrOp.StorePair:
                EmitStorePair(inst);
                break;
            case IrOp.ZeroBlock:
                EmitZeroBlock(inst);
                break;
            case IrOp.ClearExclusive:
                PushField(GuestContext.ExclusiveOffset);
                il.Emit(OpCodes.Ldc_I8, -1L);
                il.Emit(OpCodes.Stind_I8);
                break;
            case IrOp.CheckStack:
                EmitCheckStack(inst);
                break;
            case IrOp.Barrier:
                EmitBarrier((BarrierKind)inst.Aux);
                break;
            default:
                EmitAtomic(inst);
                break;
        }
    }

    private void EmitBarrier(BarrierKind kind)
    {
        if (kind is BarrierKind.Full or BarrierKind.Completion || !s_isTotalStoreOrder)
            Call(Methods.MemoryBarrier);
        if (kind != BarrierKind.Completion)
            return;
        IlLabel waits = il.DefineLabel(), resume = il.DefineLabel();
        PushField(GuestContext.ShootdownsOffset);
        il.Emit(OpCodes.Ldind_U4);
        il.Emit(OpCodes.Brtrue, waits);
        il.MarkLabel(resume);
        cold.Add(() =>
        {
            il.MarkLabel(waits);
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldarg_1);
            Call(Methods.CompleteInvalidations);
            il.Emit(OpCodes.Br, resume);
        });
    }

    private int MmuIndexOf(MemoryFlags flags) => (flags & MemoryFlags.Unprivileged) != 0 ? 0 : mode.MmuIndex;

    private bool IsAligned(MemoryFlags flags) => mode.AlignmentChecked || (flags & (MemoryFlags.Acquire | MemoryFlags.Release)) != 0;

    /// <summary>Computes A + Imm into a local, to be freed.</summary>
    private IlLocal EmitAddress(in IrInst inst, bool displaced = true)
    {
        IlLocal address = TakeLocal(typeof(ulong));
        Push(inst.A);
        if (displaced && inst.Imm != 0)
        {
            il.Emit(OpCodes.Ldc_I8, (long)inst.Imm);
            il.Emit(OpCodes.Add);
        }

        il.Emit(OpCodes.Stloc, address);
        return address;
    }

    /// <summary>Probes the TLB for <paramref name="bytes"/> bytes; gives a local with their host address.</summary>
    private IlLocal EmitProbe(IlLocal address, int bytes, int alignment, bool aligned, bool write, MemoryFlags flags, IlLabel slow)
    {
        int table = GuestContext.TlbTable(MmuIndexOf(flags), write);
        if (aligned && alignment > 1)
        {
            il.Emit(OpCodes.Ldloc, address);
            il.Emit(OpCodes.Conv_I4);
            il.Emit(OpCodes.Ldc_I4, alignment - 1);
            il.Emit(OpCodes.And);
            il.Emit(OpCodes.Brtrue, slow);
        }

        IlLocal slot = TakeLocal(typeof(nint));
        IlLocal inPage = TakeLocal(typeof(ulong));
        il.Emit(OpCodes.Ldloc, address);
        il.Emit(OpCodes.Conv_U4);
        il.Emit(OpCodes.Ldc_I4_8);
        il.Emit(OpCodes.Shr_Un);
        il.Emit(OpCodes.Ldc_I4, (GuestContext.TlbEntries - 1) * GuestContext.TlbEntrySize);
        il.Emit(OpCodes.And);
        il.Emit(OpCodes.Conv_U);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Stloc, slot);
        il.Emit(OpCodes.Ldloc, address);
        PushSlot(slot, table);
        il.Emit(OpCodes.Sub);
        il.Emit(OpCodes.Stloc, inPage);
        il.Emit(OpCodes.Ldloc, inPage);
        il.Emit(OpCodes.Ldc_I8, (long)(4096 - bytes));
        il.Emit(OpCodes.Bgt_Un, slow);
        il.Emit(OpCodes.Ldloc, inPage);
        PushSlot(slot, table + 8);
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Stloc, inPage);
        FreeLocal(slot);
        return inPage;
    }

    private void PushSlot(IlLocal slot, int offset)
    {
        il.Emit(OpCodes.Ldloc, slot);
        il.Emit(OpCodes.Ldc_I4, offset);
        il.Emit(OpCodes.Conv_I);
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Ldind_I8);
    }

    private void PushHost(IlLocal host, int offset)
    {
        il.Emit(OpCodes.Ldloc, host);
        if (offset != 0)
        {
            il.Emit(OpCodes.Ldc_I8, (long)offset);
            il.Emit(OpCodes.Add);
        }

        il.Emit(OpCodes.Conv_U);
    }

    private void Prefix()
    {
        if (s_isTotalStoreOrder)
            il.Emit(OpCodes.Volatile);
        else
            il.Emit(OpCodes.Unaligned, (byte)1);
    }

    /// <summary>Replaces an address on the stack by what is there, as a value of a type.</summary>
    private void LoadIndirect(IrType type, int size, bool signed, Form form)
    {
        Prefix();
        if (type == IrType.V128 && (size == 16 || form != Form.Vector))
        {
            LoadForm(form);
            return;
        }

        il.Emit(size switch
        {
            1 => signed ? OpCodes.Ldind_I1 : OpCodes.Ldind_U1,
            2 => signed ? OpCodes.Ldind_I2 : OpCodes.Ldind_U2,
            4 => signed ? OpCodes.Ldind_I4 : OpCodes.Ldind_U4,
            _ => OpCodes.Ldind_I8,
        });
        Convert(type, size, signed);
    }

    private void Convert(IrType type, int size, bool signed)
    {
        switch (type)
        {
            case IrType.I64 when size < 8:
                il.Emit(signed ? OpCodes.Conv_I8 : OpCodes.Conv_U8);
                break;
            case IrType.I32 when size == 8:
                il.Emit(OpCodes.Conv_I4);
                break;
            case IrType.V128:
                Call(size == 8 ? Methods.FromWide : Methods.FromNarrow);
                break;
        }
    }

    private void StoreIndirect(int size, int value)
    {
        Prefix();
        if (region[value].Type == IrType.V128 && size == 16)
        {
            il.Emit(OpCodes.Stobj, Methods.Vector);
            return;
        }

        if (IsStoredScalar(value, size))
        {
            il.Emit(size == 8 ? OpCodes.Stind_R8 : OpCodes.Stind_R4);
            return;
        }

        il.Emit(size switch { 1 => OpCodes.Stind_I1, 2 => OpCodes.Stind_I2, 4 => OpCodes.Stind_I4, _ => OpCodes.Stind_I8 });
    }

    private bool IsStoredScalar(int value, int size) => region[value].Type == IrType.V128 && forms[value] != Form.Vector && forms[value] == ScalarOf(size);

    /// <summary>Pushes what a store of <paramref name="size"/> bytes stores.</summary>
    private void PushStored(int value, int size)
    {
        if (IsStoredScalar(value, size))
        {
            PushScalar(value, ScalarOf(size));
            return;
        }

        if (region[value].Type == IrType.V128)
        {
            Push(value);
            if (size < 16)
                Call(Methods.ToWide);
        }
        else if (size == 8)
        {
            PushWide(value);
            return;
        }
        else
        {
            PushNarrow(value);
            return;
        }

        if (size < 8)
            il.Emit(OpCodes.Conv_I4);
    }

    private void EmitLoad(in IrInst inst)
    {
        MemoryFlags flags = (MemoryFlags)inst.Aux;
        bool signed = (flags & MemoryFlags.SignExtend) != 0;
        IlLabel slow = il.DefineLabel(), resume = il.DefineLabel();
        IlLocal address = EmitAddress(inst);
        IlLocal host = EmitProbe(address, inst.Size, inst.Size, IsAligned(flags), write: false, flags, slow);
        IrType type = inst.Type;
        int size = inst.Size;
        Form form = forms[current];
        IlLocal result = TakeLocal(LocalTypeOf(current));
        PushHost(host, 0);
        LoadIndirect(type, size, signed, form);
        il.Emit(OpCodes.Stloc, result);
        if (!s_isTotalStoreOrder && (flags & MemoryFlags.Acquire) != 0)
            Call(Methods.MemoryBarrier);
        il.MarkLabel(resume);
        int access = Services.Describe(size, inst.Aux, inst.Pc);
        cold.Add(() =>
        {
            il.MarkLabel(slow);
            CallService(Methods.Load, address, access);
            LoadResult(GuestContext.ExitOffset + ResultOffset, type, size, signed, result, form);
            il.Emit(OpCodes.Br, resume);
        });
        FreeLocal(address);
        FreeLocal(host);
        Adopt(result);
    }

    private void EmitLoadPair(in IrInst inst)
    {
        MemoryFlags flags = (MemoryFlags)inst.Aux;
        bool signed = (flags & MemoryFlags.SignExtend) != 0;
        IlLabel slow = il.DefineLabel(), resume = il.DefineLabel();
        IlLocal address = EmitAddress(inst);
        IrType type = inst.Type;
        int size = inst.Size;
        Form form = forms[current];
        IlLocal host = EmitProbe(address, size * 2, size, IsAligned(flags), write: false, flags, slow);
        IlLocal first = TakeLocal(LocalTypeOf(current)), second = TakeLocal(LocalTypeOf(current));
        PushHost(host, 0);
        LoadIndirect(type, size, signed, form);
        il.Emit(OpCodes.Stloc, first);
        PushHost(host, size);
        LoadIndirect(type, size, signed, form);
        il.Emit(OpCodes.Stloc, second);
        il.MarkLabel(resume);
        int access = Services.Describe(size, inst.Aux, inst.Pc);
        cold.Add(() =>
        {
            il.MarkLabel(slow);
            CallService(Methods.LoadPair, address, access);
            LoadResult(GuestContext.ExitOffset + ResultOffset, type, size, signed, first, form);
            LoadResult(GuestContext.ExitOffset + ResultOffset + 16, type, size, signed, second, form);
            il.Emit(OpCodes.Br, resume);
        });
        FreeLocal(address);
        FreeLocal(host);
        Adopt(first);
        if (values[current + 1].LastUse == 0)
            FreeLocal(second);
        else
            values[current + 1].Local = second;
    }

    private static int ResultOffset { get; } = (int)Marshal.OffsetOf<ExitRecord>(nameof(ExitRecord.Result0));

    private static int ValueOffset { get; } = (int)Marshal.OffsetOf<ExitRecord>(nameof(ExitRecord.Value0));

    /// <summary>Takes what a service left in the exit record.</summary>
    private void LoadResult(int offset, IrType type, int size, bool signed, IlLocal target, Form form = Form.Vector)
    {
        PushField(offset);
        if (type == IrType.V128)
        {
            LoadForm(form);
        }
        else
        {
            il.Emit(size switch
            {
                1 => signed ? OpCodes.Ldind_I1 : OpCodes.Ldind_U1,
                2 => signed ? OpCodes.Ldind_I2 : OpCodes.Ldind_U2,
                4 => signed ? OpCodes.Ldind_I4 : OpCodes.Ldind_U4,
                _ => OpCodes.Ldind_I8,
            });
            Convert(type, size, signed);
        }

        il.Emit(OpCodes.Stloc, target);
    }

    /// <summary>Calls a service with unit, context, address and description; leaves where it raised an exception.</summary>
    private void CallService(MethodInfo service, IlLocal address, int access, int? extra = null)
    {
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldloc, address);
        il.Emit(OpCodes.Ldc_I4, access);
        if (extra is { } argument)
            il.Emit(OpCodes.Ldc_I4, argument);
        Call(service);
        LeaveWhereFalse();
    }

    private void LeaveWhereFalse()
    {
        raisedIsUsed = true;
        il.Emit(OpCodes.Brfalse, raised);
    }

    /// <summary>Puts a value to be stored into the exit record.</summary>
    private void PassValue(in Source source, int offset)
    {
        PushField(GuestContext.ExitOffset + offset);
        Push(source);
        if (source.Type == IrType.V128)
        {
            il.Emit(OpCodes.Stobj, Methods.Vector);
            return;
        }

        if (source.Type != IrType.I64)
            il.Emit(OpCodes.Conv_U8);
        il.Emit(OpCodes.Stind_I8);
    }

    private void EmitStore(in IrInst inst)
    {
        MemoryFlags flags = (MemoryFlags)inst.Aux;
        bool release = (flags & MemoryFlags.Release) != 0;
        IlLabel slow = il.DefineLabel(), resume = il.DefineLabel();
        IlLocal address = EmitAddress(inst);
        IlLocal host = EmitProbe(address, inst.Size, inst.Size, IsAligned(flags), write: true, flags, slow);
        if (release && !s_isTotalStoreOrder)
            Call(Methods.MemoryBarrier);
        PushHost(host, 0);
        PushStored(inst.B, inst.Size);
        StoreIndirect(inst.Size, inst.B);
        il.MarkLabel(resume);
        // Sequentially consistent with a later LDAR, after the slow path too.
        if (release)
            Call(Methods.MemoryBarrier);
        int access = Services.Describe(inst.Size, inst.Aux, inst.Pc);
        Source value = Capture(inst.B);
        cold.Add(() =>
        {
            il.MarkLabel(slow);
            PassValue(value, ValueOffset);
            CallService(Methods.Store, address, access);
            il.Emit(OpCodes.Br, resume);
        });
        FreeLocal(address);
        FreeLocal(host);
    }

    private void EmitStorePair(in IrInst inst)
    {
        MemoryFlags flags = (MemoryFlags)inst.Aux;
        IlLabel slow = il.DefineLabel(), resume = il.DefineLabel();
        IlLocal address = EmitAddress(inst);
        IlLocal host = EmitProbe(address, inst.Size * 2, inst.Size, IsAligned(flags), write: true, flags, slow);
        PushHost(host, 0);
        PushStored(inst.B, inst.Size);
        StoreIndirect(inst.Size, inst.B);
        PushHost(host, inst.Size);
        PushStored(inst.C, inst.Size);
        StoreIndirect(inst.Size, inst.C);
        il.MarkLabel(resume);
        int access = Services.Describe(inst.Size, inst.Aux, inst.Pc);
        Source first = Capture(inst.B), second = Capture(inst.C);
        cold.Add(() =>
        {
            il.MarkLabel(slow);
            PassValue(first, ValueOffset);
            PassValue(second, ValueOffset + 16);
            CallService(Methods.StorePair, address, access);
            il.Emit(OpCodes.Br, resume);
        });
        FreeLocal(address);
        FreeLocal(host);
    }

    private void EmitZeroBlock(in IrInst inst)
    {
        IlLocal address = EmitAddress(inst, displaced: false);
        int access = Services.Describe(GuestContext.ZeroBlockSize, inst.Aux, inst.Pc);
        // Where alignment is checked memory may be Device, which DC ZVA must not touch.
        if (mode.AlignmentChecked || mode.ZeroTrapped)
        {
            CallService(Methods.ZeroBlock, address, access);
            FreeLocal(address);
            return;
        }

        IlLabel slow = il.DefineLabel(), resume = il.DefineLabel();
        IlLocal host = EmitProbe(address, 1, 1, aligned: false, write: true, MemoryFlags.None, slow);
        PushHost(host, 0);
        Call(Methods.ClearBlock);
        il.MarkLabel(resume);
        cold.Add(() =>
        {
            il.MarkLabel(slow);
            CallService(Methods.ZeroBlock, address, access);
            il.Emit(OpCodes.Br, resume);
        });
        FreeLocal(address);
        FreeLocal(host);
    }

    /// <summary>Exclusives and atomics: simple ones on the page the TLB gives, the others by the services.</summary>
    private void EmitAtomic(in IrInst inst)
    {
        IlLocal address = EmitAddress(inst, displaced: inst.Op is IrOp.LoadExclusive or IrOp.StoreExclusive);
        int access = Services.Describe(inst.Size, inst.Aux, inst.Pc);
        if (inst.B != 0)
            PassValue(Capture(inst.B), ValueOffset);
        if (inst.C != 0)
            PassValue(Capture(inst.C), ValueOffset + 16);
        bool inline = inst.Op is IrOp.AtomicRmw or IrOp.CompareSwap && inst.Size is 4 or 8;
        IlLabel slow = il.DefineLabel(), resume = il.DefineLabel();
        IrType type = inst.Type;
        int size = inst.Op == IrOp.StoreExclusive ? 4 : inst.Size;
        IlLocal result = TakeLocal(LocalTypeOf(current));
        if (inline)
        {
            IlLocal host = EmitProbe(address, inst.Size, inst.Size, aligned: true, write: true, MemoryFlags.None, slow);
            PushHost(host, 0);
            PushStored(inst.B, inst.Size);
            if (inst.C != 0)
                PushStored(inst.C, inst.Size);
            string name = inst.Op == IrOp.CompareSwap ? "CompareSwap" : ((AtomicOperation)inst.Imm).ToString();
            Call(methods.AtomicOn(name, inst.Size * 8));
            Convert(type, inst.Size, signed: false);
            il.Emit(OpCodes.Stloc, result);
            FreeLocal(host);
        }

        (MethodInfo service, int? extra) = inst.Op switch
        {
            IrOp.LoadExclusive => (Methods.LoadExclusive, null),
            IrOp.StoreExclusive => (Methods.StoreExclusive, null),
            IrOp.CompareSwap => (Methods.CompareSwap, null),
            _ => (Methods.Atomic, (int?)inst.Imm),
        };
        void Slow()
        {
            CallService(service, address, access, extra);
            LoadResult(GuestContext.ExitOffset + ResultOffset, type, size, signed: false, result);
        }

        if (inline)
        {
            cold.Add(() =>
            {
                il.MarkLabel(slow);
                Slow();
                il.Emit(OpCodes.Br, resume);
            });
        }
        else
        {
            Slow();
        }

        il.MarkLabel(resume);
        FreeLocal(address);
        Adopt(result);
    }

    private void EmitCheckStack(in IrInst inst)
    {
        IlLabel misaligned = il.DefineLabel();
        PushField(GuestContext.XOffset + (31 * 8));
        il.Emit(OpCodes.Ldind_I4);
        il.Emit(OpCodes.Ldc_I4, 15);
        il.Emit(OpCodes.And);
        il.Emit(OpCodes.Brtrue, misaligned);
        int target = inst.Pc + 4;
        cold.Add(() =>
        {
            il.MarkLabel(misaligned);
            Leave(ExitReason.Poll, target);
        });
    }
}
