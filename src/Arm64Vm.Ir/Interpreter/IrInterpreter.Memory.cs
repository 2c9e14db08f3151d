namespace Arm64Vm.Ir.Interpreter;

/// <summary>Memory and system operations: through the services.</summary>
internal sealed unsafe partial class IrInterpreter
{
    /// <summary>Pairs are done element by element, so that alignment is judged by the element and a fault reports the right address.</summary>
    private bool Memory(ReadOnlySpan<IrInst> instructions, int index, GuestContext* context)
    {
        ref readonly IrInst i = ref instructions[index];
        ulong address = values[i.A].Lo + i.Imm;
        var flags = (MemoryFlags)i.Aux;
        switch (i.Op)
        {
            case IrOp.Load:
                if (!services.TryRead(context, address, i.Size, flags, i.Pc, out Bits128 loaded))
                    return false;
                values[index] = Extend(i, loaded);
                return true;
            case IrOp.Store:
                return services.TryWrite(context, address, i.Size, flags, i.Pc, Narrow(values[i.B], i.Size));
            case IrOp.LoadPair:
                if (!services.TryRead(context, address, i.Size, flags, i.Pc, out Bits128 first)
                    || !services.TryRead(context, address + i.Size, i.Size, flags, i.Pc, out Bits128 second))
                    return false;
                values[index] = Extend(i, first);
                values[index + 1] = Extend(i, second);
                return true;
            case IrOp.Second:
                return true;
            case IrOp.StorePair:
                return services.TryWrite(context, address, i.Size, flags, i.Pc, Narrow(values[i.B], i.Size))
                    && services.TryWrite(context, address + i.Size, i.Size, flags, i.Pc, Narrow(values[i.C], i.Size));
            case IrOp.LoadExclusive:
                return services.TryLoadExclusive(context, address, i.Size, i.Pc, out values[index]);
            case IrOp.StoreExclusive:
                bool stored = services.TryStoreExclusive(context, address, i.Size, i.Pc, Narrow(values[i.B], i.Size), out uint status);
                values[index] = new Bits128(status, 0);
                return stored;
            case IrOp.ClearExclusive:
                context->Exclusive.Address = GuestContext.InvalidTag;
                return true;
            case IrOp.AtomicRmw:
                bool done = services.TryAtomic(context, (AtomicOperation)i.Imm, values[i.A].Lo, i.Size, i.Pc, Narrow(values[i.B], i.Size).Lo, out ulong old);
                values[index] = new Bits128(old, 0);
                return done;
            case IrOp.CompareSwap:
                return services.TryCompareSwap(context, address, i.Size, i.Pc, Narrow(values[i.B], i.Size), Narrow(values[i.C], i.Size), out values[index]);
            case IrOp.ZeroBlock:
                return services.TryZeroBlock(context, values[i.A].Lo, i.Pc);
            case IrOp.CheckStack:
                if ((context->X[31] & 15) == 0)
                    return true;
                context->Pc = context->PcPage + i.Pc + 4;
                return false;
            default:
                var kind = (BarrierKind)i.Aux;
                if (kind is BarrierKind.Full or BarrierKind.Completion)
                    Thread.MemoryBarrier();
                if (kind == BarrierKind.Completion && context->Shootdowns != 0)
                    services.CompleteInvalidations(context);
                return true;
        }
    }

    private static Bits128 Extend(in IrInst i, Bits128 value)
    {
        if (i.Type == IrType.V128 || ((MemoryFlags)i.Aux & MemoryFlags.SignExtend) == 0)
            return value;
        int shift = 64 - (i.Size * 8);
        ulong extended = (ulong)((long)(value.Lo << shift) >> shift);
        return new Bits128(i.Type == IrType.I32 ? (uint)extended : extended, 0);
    }

    private static Bits128 Narrow(Bits128 value, int size) => size switch
    {
        16 => value,
        8 => new Bits128(value.Lo, 0),
        _ => new Bits128(value.Lo & ((1UL << (size * 8)) - 1), 0),
    };

    private bool System(in IrInst i, int index, GuestContext* context)
    {
        ulong a = values[i.A].Lo;
        ulong result;
        switch (i.Op)
        {
            case IrOp.ReadSystem:
                if (!services.TryReadSystem(context, (uint)i.Imm, i.Pc, out result))
                    return false;
                break;
            case IrOp.MemoryCopySet:
                result = values[i.C].Lo;
                if (result != 0 && !services.TryMemoryCopySet(context, new MemoryOperation((uint)i.Imm), a, values[i.B].Lo, result, (uint)values[i.D].Lo, i.Pc, out result))
                    return false;
                break;
            case IrOp.PointerAuth:
                if (!services.TryPointerAuth(context, (PointerAuthentication)i.Aux, a, values[i.B].Lo, i.Pc, out result))
                    return false;
                break;
            case IrOp.WriteSystem:
                return services.TryWriteSystem(context, (uint)i.Imm, i.Pc, a);
            case IrOp.SystemOperation:
                return services.TrySystemOperation(context, (uint)i.Imm, i.Pc, a);
            default:
                return services.TryWritePState(context, (uint)i.Imm & 63, (uint)(i.Imm >> 8) & 15, i.Pc);
        }

        values[index] = new Bits128(result, 0);
        return true;
    }
}
