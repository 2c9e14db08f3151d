using System.Runtime.InteropServices;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;
using Arm64Vm.Translation.Jit;
using Arm64Vm.Translation.Verification;

namespace Arm64Vm.Translation.Tests.Jit;

/// <summary>Accesses that share a probe of the TLB look again after an exit, during which a mapping may have changed.</summary>
public sealed unsafe class ProbeWindowTests : IDisposable
{
    private const ulong CodeBase = 0x2000_0000;

    /// <summary>The page of the data that is in the inline TLB, and one that is not.</summary>
    private const ulong InlinePage = FlatMachine.DataBase + 0x1000;
    private const ulong OtherPage = FlatMachine.DataBase;

    private readonly FlatMachine machine = new(CodeBase, 0x1000);
    private readonly RemappingServices services;

    public ProbeWindowTests() => services = new RemappingServices(machine);

    public void Dispose() => machine.Dispose();

    /// <summary>The second access leaves; while it is served the page of the first is taken out of the TLB, so that the third must leave too.</summary>
    [Theory]
    [InlineData(0xF940_0061u)] // ldr x1, [x3]
    [InlineData(0xF900_0061u)] // str x1, [x3]
    [InlineData(0xF820_0061u)] // ldadd x0, x1, [x3]
    public void AnExitEndsTheWindow(uint between)
    {
        Span<uint> code = MemoryMarshal.Cast<byte, uint>(machine.Code);
        ReadOnlySpan<uint> program =
        [
            0xF940_0004, // ldr x4, [x0]
            between,
            0xF940_0405, // ldr x5, [x0, #8]
            0xF900_0804, // str x4, [x0, #16]
        ];
        program.CopyTo(code);
        using JitExecutor executor = new(machine, services, new Translator(new TranslatorOptions()), HostFeatures.Detect(), 1 << 20);
        machine.Context->X[0] = InlinePage;
        machine.Context->X[3] = OtherPage;
        machine.Context->Pc = CodeBase;
        executor.Run(machine.Context);
        Assert.Equal([OtherPage, InlinePage + 8, InlinePage + 16], services.Served);
    }

    /// <summary>Serves accesses as the machine does, says which, and takes the inline page out of the TLB at each.</summary>
    private sealed class RemappingServices(IGuestServices machine) : IGuestServices
    {
        public List<ulong> Served { get; } = [];

        private void Serve(GuestContext* context, ulong address)
        {
            Served.Add(address);
            // SAFETY: the slot of the inline page in the tables for reading and for writing; the context outlives the call.
            const int Slot = (int)(InlinePage >> 12) & (GuestContext.TlbEntries - 1);
            for (int write = 0; write < 2; write++)
                ((ulong*)((byte*)context + GuestContext.TlbTable(0, write != 0)))[Slot * 2] = GuestContext.EmptyTlbTag(Slot);
        }

        public bool TryRead(GuestContext* context, ulong address, int size, MemoryFlags flags, int pageOffset, out Bits128 value)
        {
            Serve(context, address);
            return machine.TryRead(context, address, size, flags, pageOffset, out value);
        }

        public bool TryWrite(GuestContext* context, ulong address, int size, MemoryFlags flags, int pageOffset, Bits128 value)
        {
            Serve(context, address);
            return machine.TryWrite(context, address, size, flags, pageOffset, value);
        }

        public bool TryAtomic(GuestContext* context, AtomicOperation operation, ulong address, int size, int pageOffset, ulong operand, out ulong old)
        {
            Serve(context, address);
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
}
