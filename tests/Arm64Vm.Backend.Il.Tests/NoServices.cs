using Arm64Vm.Ir;

namespace Arm64Vm.Backend.Il.Tests;

/// <summary>A processor without memory and system registers: everything raises an exception.</summary>
// SAFETY: looks at no pointer.
internal sealed unsafe class NoServices : IGuestServices
{
    public bool TryRead(GuestContext* context, ulong address, int size, MemoryFlags flags, int pageOffset, out Bits128 value) => Raise(out value);

    public bool TryWrite(GuestContext* context, ulong address, int size, MemoryFlags flags, int pageOffset, Bits128 value) => false;

    public bool TryLoadExclusive(GuestContext* context, ulong address, int size, int pageOffset, out Bits128 value) => Raise(out value);

    public bool TryStoreExclusive(GuestContext* context, ulong address, int size, int pageOffset, Bits128 value, out uint status) => Raise(out status);

    public bool TryAtomic(GuestContext* context, AtomicOperation operation, ulong address, int size, int pageOffset, ulong operand, out ulong old) => Raise(out old);

    public bool TryCompareSwap(GuestContext* context, ulong address, int size, int pageOffset, Bits128 expected, Bits128 replacement, out Bits128 old) => Raise(out old);

    public bool TryZeroBlock(GuestContext* context, ulong address, int pageOffset) => false;

    public bool TryReadSystem(GuestContext* context, uint encoding, int pageOffset, out ulong value) => Raise(out value);

    public bool TryWriteSystem(GuestContext* context, uint encoding, int pageOffset, ulong value) => false;

    public bool TrySystemOperation(GuestContext* context, uint encoding, int pageOffset, ulong operand) => false;

    public bool TryWritePState(GuestContext* context, uint field, uint value, int pageOffset) => false;

    public bool TryMemoryCopySet(GuestContext* context, MemoryOperation operation, ulong destination, ulong source, ulong count, uint nzcv, int pageOffset, out ulong rest) => Raise(out rest);

    public bool TryPointerAuth(GuestContext* context, PointerAuthentication operation, ulong pointer, ulong modifier, int pageOffset, out ulong result) => Raise(out result);

    private static bool Raise<T>(out T value)
        where T : struct
    {
        value = default;
        return false;
    }
}
