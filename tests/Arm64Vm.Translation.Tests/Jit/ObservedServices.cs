using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Tests.Jit;

/// <summary>Serves accesses as the machine does, and tells of each before.</summary>
/// <param name="machine">Who serves.</param>
/// <param name="observe">Gets address, size in bytes and the instruction's offset in its page.</param>
internal sealed unsafe class ObservedServices(IGuestServices machine, Action<ulong, int, int> observe) : IGuestServices
{
    public bool TryRead(GuestContext* context, ulong address, int size, MemoryFlags flags, int pageOffset, out Bits128 value)
    {
        observe(address, size, pageOffset);
        return machine.TryRead(context, address, size, flags, pageOffset, out value);
    }

    public bool TryWrite(GuestContext* context, ulong address, int size, MemoryFlags flags, int pageOffset, Bits128 value)
    {
        observe(address, size, pageOffset);
        return machine.TryWrite(context, address, size, flags, pageOffset, value);
    }

    public bool TryAtomic(GuestContext* context, AtomicOperation operation, ulong address, int size, int pageOffset, ulong operand, out ulong old)
    {
        observe(address, size, pageOffset);
        return machine.TryAtomic(context, operation, address, size, pageOffset, operand, out old);
    }

    public bool TryLoadExclusive(GuestContext* context, ulong address, int size, int pageOffset, out Bits128 value) =>
        machine.TryLoadExclusive(context, address, size, pageOffset, out value);

    public bool TryStoreExclusive(GuestContext* context, ulong address, int size, int pageOffset, Bits128 value, out uint status) =>
        machine.TryStoreExclusive(context, address, size, pageOffset, value, out status);

    public bool TryCompareSwap(GuestContext* context, ulong address, int size, int pageOffset, Bits128 expected, Bits128 replacement, out Bits128 old) =>
        machine.TryCompareSwap(context, address, size, pageOffset, expected, replacement, out old);

    public bool TryZeroBlock(GuestContext* context, ulong address, int pageOffset) => machine.TryZeroBlock(context, address, pageOffset);

    public bool TryReadSystem(GuestContext* context, uint encoding, int pageOffset, out ulong value) => machine.TryReadSystem(context, encoding, pageOffset, out value);

    public bool TryWriteSystem(GuestContext* context, uint encoding, int pageOffset, ulong value) => machine.TryWriteSystem(context, encoding, pageOffset, value);

    public bool TrySystemOperation(GuestContext* context, uint encoding, int pageOffset, ulong operand) => machine.TrySystemOperation(context, encoding, pageOffset, operand);

    public bool TryWritePState(GuestContext* context, uint field, uint value, int pageOffset) => machine.TryWritePState(context, field, value, pageOffset);

    public bool TryMemoryCopySet(GuestContext* context, MemoryOperation operation, ulong destination, ulong source, ulong count, uint nzcv, int pageOffset, out ulong rest) =>
        machine.TryMemoryCopySet(context, operation, destination, source, count, nzcv, pageOffset, out rest);

    public bool TryPointerAuth(GuestContext* context, PointerAuthentication operation, ulong pointer, ulong modifier, int pageOffset, out ulong result) =>
        machine.TryPointerAuth(context, operation, pointer, modifier, pageOffset, out result);
}
