namespace Arm64Vm.Ir.Tests.Interpreter;

/// <summary>Services that raise an exception for everything, and remember for what.</summary>
internal sealed unsafe class FaultingServices : IGuestServices
{
    public const ulong Handler = 0x200;

    public ulong Address { get; private set; }

    public int PageOffset { get; private set; }

    public bool TryRead(GuestContext* context, ulong address, int size, MemoryFlags flags, int pageOffset, out Bits128 value)
    {
        value = default;
        return Raise(context, address, pageOffset);
    }

    public bool TryWrite(GuestContext* context, ulong address, int size, MemoryFlags flags, int pageOffset, Bits128 value) =>
        Raise(context, address, pageOffset);

    public bool TryLoadExclusive(GuestContext* context, ulong address, int size, int pageOffset, out Bits128 value)
    {
        value = default;
        return Raise(context, address, pageOffset);
    }

    public bool TryStoreExclusive(GuestContext* context, ulong address, int size, int pageOffset, Bits128 value, out uint status)
    {
        status = 0;
        return Raise(context, address, pageOffset);
    }

    public bool TryAtomic(GuestContext* context, AtomicOperation operation, ulong address, int size, int pageOffset, ulong operand, out ulong old)
    {
        old = 0;
        return Raise(context, address, pageOffset);
    }

    public bool TryCompareSwap(GuestContext* context, ulong address, int size, int pageOffset, Bits128 expected, Bits128 replacement, out Bits128 old)
    {
        old = default;
        return Raise(context, address, pageOffset);
    }

    public bool TryZeroBlock(GuestContext* context, ulong address, int pageOffset) => Raise(context, address, pageOffset);

    public bool TryReadSystem(GuestContext* context, uint encoding, int pageOffset, out ulong value)
    {
        value = 0;
        return Raise(context, encoding, pageOffset);
    }

    public bool TryWriteSystem(GuestContext* context, uint encoding, int pageOffset, ulong value) => Raise(context, encoding, pageOffset);

    public bool TrySystemOperation(GuestContext* context, uint encoding, int pageOffset, ulong operand) => Raise(context, encoding, pageOffset);

    public bool TryWritePState(GuestContext* context, uint field, uint value, int pageOffset) => Raise(context, field, pageOffset);

    public bool TryMemoryCopySet(GuestContext* context, MemoryOperation operation, ulong destination, ulong source, ulong count, uint nzcv, int pageOffset, out ulong rest)
    {
        rest = count;
        return Raise(context, destination, pageOffset);
    }

    public bool TryPointerAuth(GuestContext* context, PointerAuthentication operation, ulong pointer, ulong modifier, int pageOffset, out ulong result)
    {
        result = 0;
        return Raise(context, pointer, pageOffset);
    }

    private bool Raise(GuestContext* context, ulong address, int pageOffset)
    {
        Address = address;
        PageOffset = pageOffset;
        context->Pc = Handler;
        return false;
    }
}
