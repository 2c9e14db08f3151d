using System.Runtime.CompilerServices;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.Il;

/// <summary>Slow paths of memory and system operations: through the services, results in the exit record. False: an exception was raised.</summary>
/// <remarks>Flags are settled before each, for it may raise an exception. What an access is travels in one number: size in bits 7:0, <see cref="MemoryFlags"/> in 15:8, offset in the page of the instruction in 31:16.</remarks>
// SAFETY for all members: called by compiled code with the context it was given, on the thread that runs it.
internal static unsafe class Services
{
    public static int Describe(int size, int flags, int pc) => size | (flags << 8) | (pc << 16);

    private static IlHost HostOf(IlUnit unit, GuestContext* context)
    {
        DeferredFlagsCode.Settle(context);
        return unit.Host;
    }

    private static int Size(int access) => access & 0xFF;

    private static MemoryFlags Flags(int access) => (MemoryFlags)((access >> 8) & 0xFF);

    private static int Pc(int access) => access >> 16;

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static bool Load(IlUnit unit, GuestContext* context, ulong address, int access) =>
        HostOf(unit, context).Services.TryRead(context, address, Size(access), Flags(access), Pc(access), out context->Exit.Result0);

    /// <summary>Element by element, so that alignment is judged by the element and a fault reports the right address.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static bool LoadPair(IlUnit unit, GuestContext* context, ulong address, int access) =>
        Load(unit, context, address, access)
        && HostOf(unit, context).Services.TryRead(context, address + (ulong)Size(access), Size(access), Flags(access), Pc(access), out context->Exit.Result1);

    /// <summary>Stores what is in Exit.Value0.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static bool Store(IlUnit unit, GuestContext* context, ulong address, int access) =>
        HostOf(unit, context).Services.TryWrite(context, address, Size(access), Flags(access), Pc(access), Narrow(context->Exit.Value0, Size(access)));

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static bool StorePair(IlUnit unit, GuestContext* context, ulong address, int access) =>
        Store(unit, context, address, access)
        && HostOf(unit, context).Services.TryWrite(context, address + (ulong)Size(access), Size(access), Flags(access), Pc(access), Narrow(context->Exit.Value1, Size(access)));

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static bool LoadExclusive(IlUnit unit, GuestContext* context, ulong address, int access) =>
        HostOf(unit, context).Services.TryLoadExclusive(context, address, Size(access), Pc(access), out context->Exit.Result0);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static bool StoreExclusive(IlUnit unit, GuestContext* context, ulong address, int access)
    {
        bool done = HostOf(unit, context).Services.TryStoreExclusive(context, address, Size(access), Pc(access), Narrow(context->Exit.Value0, Size(access)), out uint status);
        context->Exit.Result0 = new Bits128(status, 0);
        return done;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static bool CompareSwap(IlUnit unit, GuestContext* context, ulong address, int access)
    {
        int size = Size(access);
        return HostOf(unit, context).Services.TryCompareSwap(
            context, address, size, Pc(access), Narrow(context->Exit.Value0, size), Narrow(context->Exit.Value1, size), out context->Exit.Result0);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static bool Atomic(IlUnit unit, GuestContext* context, ulong address, int access, int operation)
    {
        bool done = HostOf(unit, context).Services.TryAtomic(
            context, (AtomicOperation)operation, address, Size(access), Pc(access), Narrow(context->Exit.Value0, Size(access)).Lo, out ulong old);
        context->Exit.Result0 = new Bits128(old, 0);
        return done;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static bool ZeroBlock(IlUnit unit, GuestContext* context, ulong address, int access) =>
        HostOf(unit, context).Services.TryZeroBlock(context, address, Pc(access));

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static bool ReadSystem(IlUnit unit, GuestContext* context, uint encoding, int pc)
    {
        bool done = HostOf(unit, context).Services.TryReadSystem(context, encoding, pc, out ulong value);
        context->Exit.Result0 = new Bits128(value, 0);
        return done;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static bool WriteSystem(IlUnit unit, GuestContext* context, uint encoding, int pc, ulong value) =>
        HostOf(unit, context).Services.TryWriteSystem(context, encoding, pc, value);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static bool SystemOperation(IlUnit unit, GuestContext* context, uint encoding, int pc, ulong operand) =>
        HostOf(unit, context).SystemOperation(context, encoding, pc, operand);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void CompleteInvalidations(IlUnit unit, GuestContext* context) => HostOf(unit, context).CompleteInvalidations(context);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static bool WritePState(IlUnit unit, GuestContext* context, uint field, int pc, uint value) =>
        HostOf(unit, context).Services.TryWritePState(context, field, value, pc);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static bool MemoryCopySet(IlUnit unit, GuestContext* context, uint word, int pc, ulong destination, ulong source, ulong count, uint nzcv)
    {
        ulong rest = count;
        bool done = count == 0 || unit.Host.Services.TryMemoryCopySet(context, new MemoryOperation(word), destination, source, count, nzcv, pc, out rest);
        context->Exit.Result0 = new Bits128(rest, 0);
        return done;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static bool PointerAuth(IlUnit unit, GuestContext* context, uint operation, int pc, ulong pointer, ulong modifier)
    {
        bool done = HostOf(unit, context).Services.TryPointerAuth(context, (PointerAuthentication)operation, pointer, modifier, pc, out ulong result);
        context->Exit.Result0 = new Bits128(result, 0);
        return done;
    }

    private static Bits128 Narrow(Bits128 value, int size) => size switch
    {
        16 => value,
        8 => new Bits128(value.Lo, 0),
        _ => new Bits128(value.Lo & ((1UL << (size * 8)) - 1), 0),
    };
}
