using System.Reflection;
using System.Reflection.Emit;
using Arm64Vm.Ir;
using Arm64Vm.Ir.SoftFloat;

namespace Arm64Vm.Backend.Il;

/// <summary>System registers and operations: plain storage and FPSR in place, the rest by the services.</summary>
internal sealed partial class IlCompiler
{
    /// <summary>The unit changed the processor's mode: whatever follows must be looked up by the run loop.</summary>
    private bool mustReturn;

    private void CompileSystem(in IrInst inst)
    {
        if (TryDirectRegister(inst) || TryFloatStatus(inst))
            return;
        bool isPState = inst.Op == IrOp.WritePState;
        // What the service does may change SP (SPSel, SP_EL0 while it is in use).
        bool writes = inst.Op is not (IrOp.ReadSystem or IrOp.PointerAuth or IrOp.MemoryCopySet);
        if (writes)
            SaveAliases(31);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldc_I4, inst.Op == IrOp.PointerAuth ? inst.Aux : isPState ? (int)inst.Imm & 63 : (int)inst.Imm);
        il.Emit(OpCodes.Ldc_I4, (int)inst.Pc);
        if (isPState)
            il.Emit(OpCodes.Ldc_I4, (int)(inst.Imm >> 8) & 15);
        if (inst.A != 0)
            Push(inst.A);
        if (inst.B != 0)
            Push(inst.B);
        if (inst.C != 0)
            Push(inst.C);
        if (inst.D != 0)
            Push(inst.D);
        MethodInfo service = inst.Op switch
        {
            IrOp.ReadSystem => Methods.ReadSystem,
            IrOp.WriteSystem => Methods.WriteSystem,
            IrOp.SystemOperation => Methods.SystemOperation,
            IrOp.WritePState => Methods.WritePState,
            IrOp.MemoryCopySet => Methods.MemoryCopySet,
            _ => Methods.PointerAuth,
        };
        Call(service);
        LeaveWhereFalse();
        if (writes && registers[31] is not null)
            Reload(31);
        if (inst.Op is IrOp.WritePState or IrOp.WriteSystem && (inst.Aux & 1) != 0)
            mustReturn = true;
        if (inst.Type == IrType.Void)
            return;
        PushField(GuestContext.ExitOffset + ResultOffset);
        il.Emit(OpCodes.Ldind_I8);
        StoreResult();
    }

    /// <summary>MRS and MSR of registers that are plain storage: a load or store of the context.</summary>
    private bool TryDirectRegister(in IrInst inst)
    {
        bool write = inst.Op == IrOp.WriteSystem;
        if (!write && inst.Op != IrOp.ReadSystem)
            return false;
        int offset = DirectRegisters.OffsetOf((uint)inst.Imm, mode.ExceptionLevel, write);
        if (offset < 0 && mode is { PointerAuthentication: true, ExceptionLevel: > 0 })
            offset = DirectRegisters.OffsetOfKey((uint)inst.Imm);
        if (offset < 0)
            return false;
        PushField(offset);
        if (write)
        {
            Push(inst.A);
            il.Emit(OpCodes.Stind_I8);
            return true;
        }

        il.Emit(OpCodes.Ldind_I8);
        StoreResult();
        return true;
    }

    /// <summary>FPSR is exact in the context at any time.</summary>
    private bool TryFloatStatus(in IrInst inst)
    {
        if ((int)inst.Imm != FpsrBits.Encoding || inst.Op is not (IrOp.ReadSystem or IrOp.WriteSystem))
            return false;
        PushField(GuestContext.FpsrOffset);
        if (inst.Op == IrOp.WriteSystem)
        {
            Push(inst.A);
            il.Emit(OpCodes.Conv_U4);
            il.Emit(OpCodes.Ldc_I4, unchecked((int)FpsrBits.Writable));
            il.Emit(OpCodes.And);
            il.Emit(OpCodes.Stind_I4);
            return true;
        }

        il.Emit(OpCodes.Ldind_U4);
        il.Emit(OpCodes.Conv_U8);
        StoreResult();
        return true;
    }
}
