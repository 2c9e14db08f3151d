using Arm64Vm.Ir;
using Arm64Vm.Ir.SoftFloat;

namespace Arm64Vm.Translation.Verification;

/// <summary>Memory by copying; FPSR the only system register; pointer authentication with keys that no signature was made with.</summary>
internal sealed unsafe partial class FlatMachine
{
    // SAFETY for all members: Locate has checked the range against the block it points into; size is at most 16 bytes, the size of Bits128.
    public bool TryRead(GuestContext* context, ulong address, int size, MemoryFlags flags, int pageOffset, out Bits128 value)
    {
        Bits128 read = default;
        byte* host = Locate(address, size, write: false);
        if (host != null)
            Buffer.MemoryCopy(host, &read, 16, size);
        value = read;
        return host != null || Raise(FlatFault.Memory, pageOffset);
    }

    public bool TryWrite(GuestContext* context, ulong address, int size, MemoryFlags flags, int pageOffset, Bits128 value)
    {
        byte* host = Locate(address, size, write: true);
        if (host != null)
            Buffer.MemoryCopy(&value, host, size, size);
        return host != null || address - CodeWindow < CodeWindowSize || Raise(FlatFault.Memory, pageOffset);
    }

    public bool TryLoadExclusive(GuestContext* context, ulong address, int size, int pageOffset, out Bits128 value)
    {
        if (!TryRead(context, address, size, MemoryFlags.None, pageOffset, out value))
            return false;
        context->Exclusive.Address = address;
        context->Exclusive.Size = (ulong)size;
        context->Exclusive.Value = value;
        return true;
    }

    public bool TryStoreExclusive(GuestContext* context, ulong address, int size, int pageOffset, Bits128 value, out uint status)
    {
        status = 1;
        bool held = context->Exclusive.Address == address && context->Exclusive.Size == (ulong)size;
        context->Exclusive.Address = GuestContext.InvalidTag;
        if (!TryRead(context, address, size, MemoryFlags.None, pageOffset, out Bits128 present))
            return false;
        if (!held || present != context->Exclusive.Value)
            return true;
        status = 0;
        return TryWrite(context, address, size, MemoryFlags.None, pageOffset, value);
    }

    public bool TryAtomic(GuestContext* context, AtomicOperation operation, ulong address, int size, int pageOffset, ulong operand, out ulong old)
    {
        bool read = TryRead(context, address, size, MemoryFlags.None, pageOffset, out Bits128 value);
        old = value.Lo;
        return read && TryWrite(context, address, size, MemoryFlags.None, pageOffset, new Bits128(Combine(operation, old, operand, size), 0));
    }

    public bool TryCompareSwap(GuestContext* context, ulong address, int size, int pageOffset, Bits128 expected, Bits128 replacement, out Bits128 old)
    {
        if (!TryRead(context, address, size, MemoryFlags.None, pageOffset, out old))
            return false;
        return old != expected || TryWrite(context, address, size, MemoryFlags.None, pageOffset, replacement);
    }

    public bool TryZeroBlock(GuestContext* context, ulong address, int pageOffset)
    {
        byte* host = Locate(address & ~(ulong)(GuestContext.ZeroBlockSize - 1), GuestContext.ZeroBlockSize, write: true);
        if (host == null)
            return Raise(FlatFault.Memory, pageOffset);
        new Span<byte>(host, GuestContext.ZeroBlockSize).Clear();
        return true;
    }

    /// <summary>FPSR is the only system register; back ends that hold parts of it elsewhere do not ask for it.</summary>
    public bool TryReadSystem(GuestContext* context, uint encoding, int pageOffset, out ulong value)
    {
        value = context->Fpsr;
        return encoding == FpsrBits.Encoding || Raise(FlatFault.System, pageOffset);
    }

    public bool TryWriteSystem(GuestContext* context, uint encoding, int pageOffset, ulong value)
    {
        if (encoding != FpsrBits.Encoding)
            return Raise(FlatFault.System, pageOffset);
        context->Fpsr = (uint)value & FpsrBits.Writable;
        return true;
    }

    public bool TrySystemOperation(GuestContext* context, uint encoding, int pageOffset, ulong operand) => Raise(FlatFault.System, pageOffset);

    public bool TryWritePState(GuestContext* context, uint field, uint value, int pageOffset) => Raise(FlatFault.System, pageOffset);

    /// <summary>Signing leaves the pointer alone; authentication always faults (FEAT_FPAC); stripping makes the pointer canonical.</summary>
    public bool TryPointerAuth(GuestContext* context, PointerAuthentication operation, ulong pointer, ulong modifier, int pageOffset, out ulong result)
    {
        result = operation == PointerAuthentication.SignGeneric ? 0 : pointer;
        ulong canonical = (ulong)((long)(pointer << 9) >> 9);
        if (operation is PointerAuthentication.StripInstruction or PointerAuthentication.StripData)
            result = canonical;
        bool authenticates = operation is >= PointerAuthentication.AuthIA and <= PointerAuthentication.AuthDB;
        return !authenticates || Raise(FlatFault.PointerAuthentication, pageOffset);
    }

    /// <summary>Byte by byte; a fault leaves what is left in Xn.</summary>
    public bool TryMemoryCopySet(GuestContext* context, MemoryOperation operation, ulong destination, ulong source, ulong count, uint nzcv, int pageOffset, out ulong rest)
    {
        rest = count;
        if ((nzcv & 0x2000_0000) != 0 || ((long)count > 0 && !operation.MayRunBackward))
            return Raise(FlatFault.System, pageOffset);
        while (rest != 0)
        {
            bool isBackward = (long)rest > 0;
            ulong offset = isBackward ? rest - 1 : rest;
            Bits128 value = new(source & 0xFF, 0);
            if ((!operation.IsSet && !TryRead(context, source + offset, 1, MemoryFlags.None, pageOffset, out value))
                || !TryWrite(context, destination + offset, 1, MemoryFlags.None, pageOffset, value))
            {
                context->X[operation.Count] = rest;
                return false;
            }

            rest = isBackward ? rest - 1 : rest + 1;
        }

        return true;
    }

    private static ulong Combine(AtomicOperation operation, ulong old, ulong operand, int size)
    {
        int shift = 64 - (size * 8);
        long signedOld = (long)(old << shift) >> shift, signedOperand = (long)(operand << shift) >> shift;
        return operation switch
        {
            AtomicOperation.Add => old + operand,
            AtomicOperation.Clear => old & ~operand,
            AtomicOperation.Xor => old ^ operand,
            AtomicOperation.Set => old | operand,
            AtomicOperation.SignedMax => signedOld > signedOperand ? old : operand,
            AtomicOperation.SignedMin => signedOld < signedOperand ? old : operand,
            AtomicOperation.UnsignedMax => Math.Max(old, operand),
            AtomicOperation.UnsignedMin => Math.Min(old, operand),
            _ => operand,
        };
    }
}
