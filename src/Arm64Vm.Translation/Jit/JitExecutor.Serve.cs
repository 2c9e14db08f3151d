using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Jit;

/// <summary>Resumable exits: the record behind the call says what is wanted.</summary>
internal sealed unsafe partial class JitExecutor
{
    /// <summary>Does what the exit asks; false where a guest exception was raised instead.</summary>
    private bool Serve(GuestContext* context)
    {
        // SAFETY: the stub stored the address behind its call, where the compiler put the record.
        byte* place = (byte*)context->Exit.Resume;
        if (MemoryRecord.Is(*place))
        {
            counters.MemoryExits++;
            MemoryRecord record = new(*(ulong*)place);
            SlowDescriptor access = record.Unpack();
            profile?.BeginMemory(context, access);
            bool served = ServeMemory(context, &access);
            profile?.EndMemory();
            if (!served)
                return false;
            record.EndWindows(context);
            context->Exit.Resume = (ulong)(place + record.Resume);
            return true;
        }

        SlowDescriptor* descriptor = (SlowDescriptor*)place;
        profile?.CountSystem(context, *descriptor);
        context->Exit.Resume += SlowDescriptor.SizeInBytes;
        switch (descriptor->Kind)
        {
            case SlowKind.Pure:
                counters.PureExits++;
                OracleCall.Evaluate(context, cache.PureOperation(descriptor->Index));
                return true;
            default:
                counters.SystemExits++;
                return ServeSystem(context, descriptor);
        }
    }

    private bool ServeSystem(GuestContext* context, SlowDescriptor* descriptor)
    {
        int pc = descriptor->Pc;
        uint encoding = descriptor->Index;
        ulong* operands = HostContext.Of(context)->Operand;
        ulong operand = operands[0];
        ulong value;
        switch (descriptor->Kind)
        {
            case SlowKind.ReadSystem:
                if (!services.TryReadSystem(context, encoding, pc, out value))
                    return false;
                operands[0] = value;
                return true;
            case SlowKind.WriteSystem:
                return services.TryWriteSystem(context, encoding, pc, operand);
            case SlowKind.SystemOperation:
                return services.TrySystemOperation(context, encoding, pc, operand);
            case SlowKind.CompleteInvalidations:
                services.CompleteInvalidations(context);
                return true;
            case SlowKind.WritePState:
                return services.TryWritePState(context, encoding & 0x3F, (encoding >> 8) & 15, pc);
            case SlowKind.MemoryCopySet:
                if (!services.TryMemoryCopySet(context, new MemoryOperation(encoding), operands[2], operands[4], operand, (uint)operands[6], pc, out value))
                    return false;
                operands[0] = value;
                return true;
            default:
                if (!services.TryPointerAuth(context, (PointerAuthentication)descriptor->Aux, operand, operands[2], pc, out value))
                    return false;
                operands[0] = value;
                return true;
        }
    }

    /// <summary>Mappings of code have changed (TLBI, a map of memory that a store changed): branches to other pages must ask again, and predicted returns may lead to what is no longer mapped.</summary>
    private void ForgetContext(GuestContext* context)
    {
        context->ContextTag = FetchTlb.NoContext;
        seenMappings = memory.ContextChanges;
        returnStacks.Empty(context);
        // An ISB looks at the poll word: what follows it on this page is fetched anew.
        Interlocked.Or(ref context->Poll, (uint)PollReasons.Shootdown);
    }

    private bool ServeMemory(GuestContext* context, SlowDescriptor* descriptor)
    {
        ulong address = context->Exit.Address;
        int size = descriptor->Size;
        int pc = descriptor->Pc;
        MemoryFlags flags = (MemoryFlags)descriptor->Aux;
        bool vector = descriptor->Type == IrType.V128;
        Bits128 value;
        switch (descriptor->Kind)
        {
            case SlowKind.Load:
                if (!services.TryRead(context, address, size, flags, pc, out value))
                    return false;
                SetResult(context, descriptor->Destination, vector, Extend(value, descriptor, flags));
                return true;
            case SlowKind.LoadPair:
                if (!services.TryRead(context, address, size, flags, pc, out value)
                    || !services.TryRead(context, address + (ulong)size, size, flags, pc, out Bits128 second))
                    return false;
                SetResult(context, descriptor->Destination, vector, Extend(value, descriptor, flags));
                SetResult(context, descriptor->Destination2, vector, Extend(second, descriptor, flags));
                return true;
            case SlowKind.Store:
                value = descriptor->Source == SlowDescriptor.NoRegister ? new Bits128(HostContext.Of(context)->Operand[0], 0) : GetSource(context, descriptor->Source, vector, size);
                return services.TryWrite(context, address, size, flags, pc, value);
            case SlowKind.StorePair:
                return services.TryWrite(context, address, size, flags, pc, GetSource(context, descriptor->Source, vector, size))
                    && services.TryWrite(context, address + (ulong)size, size, flags, pc, GetSource(context, descriptor->Source2, vector, size));
            case SlowKind.LoadExclusive:
                if (!services.TryLoadExclusive(context, address, size, pc, out value))
                    return false;
                SetResult(context, descriptor->Destination, vector, value);
                return true;
            case SlowKind.StoreExclusive:
                if (!services.TryStoreExclusive(context, address, size, pc, GetSource(context, descriptor->Source, vector, size), out uint status))
                    return false;
                SetResult(context, descriptor->Destination, false, new Bits128(status, 0));
                return true;
            case SlowKind.Atomic:
                if (!services.TryAtomic(context, (AtomicOperation)descriptor->Aux, address, size, pc, GetSource(context, descriptor->Source, vector: false, size).Lo, out ulong old))
                    return false;
                SetResult(context, descriptor->Destination, false, new Bits128(old, 0));
                return true;
            case SlowKind.CompareSwap:
                if (!services.TryCompareSwap(context, address, size, pc, GetSource(context, descriptor->Source, vector, size), GetSource(context, descriptor->Source2, vector, size), out value))
                    return false;
                SetResult(context, descriptor->Destination, vector, value);
                return true;
            default:
                return services.TryZeroBlock(context, address, pc);
        }
    }

    private static Bits128 Extend(Bits128 value, SlowDescriptor* descriptor, MemoryFlags flags)
    {
        if ((flags & MemoryFlags.SignExtend) == 0)
            return value;
        int shift = 64 - (descriptor->Size * 8);
        ulong extended = (ulong)((long)(value.Lo << shift) >> shift);
        return new Bits128(descriptor->Type == IrType.I32 ? (uint)extended : extended, 0);
    }

    /// <summary>The low <paramref name="size"/> bytes of a saved host register.</summary>
    private static Bits128 GetSource(GuestContext* context, byte register, bool vector, int size)
    {
        if (vector)
            return *SavedRegisters.Xmm(context, register);
        ulong value = *SavedRegisters.Gpr(context, register);
        return new Bits128(size < 8 ? value & ((1UL << (size * 8)) - 1) : value, 0);
    }

    private static void SetResult(GuestContext* context, byte register, bool vector, Bits128 value)
    {
        if (vector)
            *SavedRegisters.Xmm(context, register) = value;
        else
            *SavedRegisters.Gpr(context, register) = value.Lo;
    }
}
