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
    private readonly ObservedServices services;
    private readonly List<ulong> served = [];

    public ProbeWindowTests() => services = new ObservedServices(machine, Serve);

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
        Assert.Equal([OtherPage, InlinePage + 8, InlinePage + 16], served);
    }

    /// <summary>Notes an access, and takes the inline page out of the TLB.</summary>
    private void Serve(ulong address, int size, int pageOffset)
    {
        served.Add(address);
        // SAFETY: the slot of the inline page in the tables for reading and for writing; the context outlives the call.
        const int Slot = (int)(InlinePage >> 12) & (GuestContext.TlbEntries - 1);
        for (int write = 0; write < 2; write++)
            ((ulong*)((byte*)machine.Context + GuestContext.TlbTable(0, write != 0)))[Slot * 2] = GuestContext.EmptyTlbTag(Slot);
    }
}
