using Arm64Vm.Cpu.Exceptions;
using Arm64Vm.Cpu.Registers;
using Arm64Vm.Ir;

namespace Arm64Vm.Cpu.Tests;

/// <summary>FEAT_MOPS, option A: register states between the three instructions, faults and requests in the middle, permissions, on the interpreter and in emitted code.</summary>
public unsafe class MemoryCopySetTests
{
    private const uint El0 = 0;
    private const uint El1 = 0b0101;
    private const uint Carry = 1u << 29;
    private const ulong Low = TestMachine.Ram + 0x10_0000;
    private const ulong High = TestMachine.Ram + 0x20_0000;

    // d = X1, s = X2, n = X3.
    private static readonly uint[] s_copyForward = Three(0x1900_0400, 22);
    private static readonly uint[] s_copy = Three(0x1D00_0400, 22);
    private static readonly uint[] s_set = Three(0x19C0_0400, 14);

    public static TheoryData<bool> Executors => [false, true];

    [Theory]
    [MemberData(nameof(Executors))]
    public void MemoryIsAsAfterMoveAndFill(bool emitted)
    {
        using var machine = new TestMachine(emitted: emitted);
        var random = new Random(3);
        foreach (int size in (int[])[0, 1, 7, 16, 100, 4095, 4096, 4097, 9000, 70_000])
        {
            foreach (int offset in (int[])[-5000, -17, -1, 1, 3, 4096, 100_000])
            {
                Check(s_copy, Low + 0x1_0000 + (ulong)offset, Low + 0x1_0000, (before, to, from) => before.AsSpan(from, size).CopyTo(before.AsSpan(to)));
                if (offset is < 0 or 100_000)
                    Check(s_copyForward, Low + 0x1_0000 + (ulong)offset, Low + 0x1_0000, (before, to, from) => before.AsSpan(from, size).CopyTo(before.AsSpan(to)));
            }

            Check(s_set, Low + 0x1_0001, 0x1234_56A5, (before, to, _) => before.AsSpan(to, size).Fill(0xA5));

            void Check(uint[] words, ulong destination, ulong source, Action<byte[], int, int> expect)
            {
                var expected = new byte[0x4_0000];
                random.NextBytes(expected);
                Assert.True(machine.Memory.TryWrite(Low, expected));
                machine.Cpu.SetX(1, destination);
                machine.Cpu.SetX(2, source);
                machine.Cpu.SetX(3, (ulong)size);
                machine.Run(words);
                Assert.Equal(-1, machine.Vector);
                expect(expected, (int)(destination - Low), (int)(source - Low));
                var actual = new byte[expected.Length];
                Assert.True(machine.Memory.TryRead(Low, actual));
                Assert.True(expected.AsSpan().SequenceEqual(actual), $"{words[0]:x} {size} bytes, distance {(long)(destination - source)}");
                Assert.Equal(0UL, machine.Cpu.GetX(3));
            }
        }
    }

    /// <summary>Option A (Arm ARM C6.2.78): a copy forward and a set count up to zero from behind the last byte, a copy backward counts down.</summary>
    [Theory]
    [InlineData(false, 0x1900_0400u, Low, High, 100UL, Low + 100, High + 100, ulong.MaxValue - 99)]
    [InlineData(true, 0x1900_0400u, Low, High, 100UL, Low + 100, High + 100, ulong.MaxValue - 99)]
    [InlineData(true, 0x1900_0400u, Low, High, 0UL, Low, High, 0UL)]
    [InlineData(true, 0x1900_0400u, Low, High, 1UL << 55, Low + (1UL << 55) - 1, High + (1UL << 55) - 1, ulong.MaxValue - (1UL << 55) + 2)]
    [InlineData(true, 0x1D00_0400u, Low, High, 100UL, Low + 100, High + 100, ulong.MaxValue - 99)]
    [InlineData(true, 0x1D00_0400u, Low + 99, Low, 100UL, Low + 99, Low, 100UL)]
    [InlineData(false, 0x1D00_0400u, Low + 99, Low, 100UL, Low + 99, Low, 100UL)]
    [InlineData(true, 0x1D00_0400u, Low + 100, Low, 100UL, Low + 200, Low + 100, ulong.MaxValue - 99)]
    [InlineData(true, 0x1D00_0400u, Low + 1, 0xFFUL << 56 | Low, 100UL, Low + 1, 0xFFUL << 56 | Low, 100UL)]
    [InlineData(true, 0x1D00_0400u, Low, Low, 100UL, Low + 100, Low + 100, ulong.MaxValue - 99)]
    [InlineData(true, 0x1D00_0400u, Low + 1, Low, ulong.MaxValue, Low + 1, Low, (1UL << 55) - 1)]
    [InlineData(true, 0x19C0_0400u, Low, 7UL, 100UL, Low + 100, 7UL, ulong.MaxValue - 99)]
    [InlineData(false, 0x19C0_0400u, Low, 7UL, ulong.MaxValue, Low + long.MaxValue, 7UL, (1UL << 63) + 1)]
    [InlineData(true, 0x19C0_0400u, Low, 7UL, 1UL << 63, Low + long.MaxValue, 7UL, (1UL << 63) + 1)]
    public void ThePrologueLeavesOptionA(bool emitted, uint word, ulong d, ulong s, ulong n, ulong newD, ulong newS, ulong newN)
    {
        using var machine = new TestMachine(emitted: emitted);
        machine.Cpu.SetX(1, d);
        machine.Cpu.SetX(2, s);
        machine.Cpu.SetX(3, n);
        machine.Run(0xEB1F_03FF, word | Registers, 0xDA9F_03E4, 0xDA9F_23E5); // cmp xzr, xzr; ...; csetm x4, ne; csetm x5, lo
        Assert.Equal((newD, newS, newN), (machine.Cpu.GetX(1), machine.Cpu.GetX(2), machine.Cpu.GetX(3)));
        Assert.Equal((ulong.MaxValue, ulong.MaxValue), (machine.Cpu.GetX(4), machine.Cpu.GetX(5)));
    }

    /// <summary>The second page is missing: what the first one took is counted, FAR is the first byte that is not there, and after the page has come the instruction goes on.</summary>
    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(true, false)]
    public void AFaultInTheMiddleSaysWhatIsLeft(bool emitted, bool isSet)
    {
        using TestMachine machine = Mapped(emitted, out PageTables tables);
        const ulong Start = Low + 0xF80;
        ulong slot = tables.Slot(Low + 0x1000, 3);
        ulong descriptor = machine.Read64(slot);
        machine.Write64(slot, 0);
        Prepare(machine, Start, isSet ? 0x5AUL : High, 0x200);
        Fill(machine, High, 0x200, 0x5A);
        machine.RunFrom(El0, [.. isSet ? s_set : s_copy, Asm.Svc(1)]);
        Assert.Equal(Syndrome.Make(ExceptionClass.DataAbortLower, 0x47), machine.Esr);
        Assert.Equal((Low + 0x1000, TestMachine.Data + 4), (machine.Far, machine.Elr));
        Assert.Equal((Start + 0x200, unchecked((ulong)-0x180)), (machine.Cpu.GetX(1), machine.Cpu.GetX(3)));

        machine.Write64(slot, descriptor);
        machine.Return(El0);
        Assert.Equal(Syndrome.Make(ExceptionClass.SupervisorCall, 1), machine.Esr);
        Assert.Equal(0UL, machine.Cpu.GetX(3));
        Expect(machine, Start, 0x200, 0x5A);
    }

    /// <summary>Backward, the source's first page is missing: a read fault at its last byte.</summary>
    [Theory]
    [MemberData(nameof(Executors))]
    public void AFaultBackwardSaysWhatIsLeft(bool emitted)
    {
        using TestMachine machine = Mapped(emitted, out PageTables tables);
        machine.Write64(tables.Slot(Low, 3), 0);
        Prepare(machine, Low + 0xFF0, Low + 0xF80, 0x100);
        machine.RunFrom(El1, [.. s_copy, Asm.Svc(1)]);
        Assert.Equal(Syndrome.Make(ExceptionClass.DataAbort, 0x07), machine.Esr);
        Assert.Equal(Low + 0xFFF, machine.Far);
        Assert.Equal((Low + 0xFF0, Low + 0xF80, 0x80UL), (machine.Cpu.GetX(1), machine.Cpu.GetX(2), machine.Cpu.GetX(3)));
    }

    /// <summary>A request is looked at where a page ends; the instruction is then begun again with what is left.</summary>
    [Fact]
    public void ARequestInterruptsALongCopyAtAPage()
    {
        using var machine = new TestMachine();
        GuestContext* context = machine.Cpu.Context;
        context->PcPage = TestMachine.Code;
        context->Poll = 1;
        context->X[3] = 5;
        Assert.False(machine.Cpu.TryMemoryCopySet(context, new MemoryOperation(s_copyForward[1]), Low + 0x3000, High + 0x3000, unchecked((ulong)-0x3000), 0, 8, out _));
        Assert.Equal((unchecked((ulong)-0x2000), TestMachine.Code + 8), (context->X[3], context->Pc));
        context->Poll = 0;
        Assert.True(machine.Cpu.TryMemoryCopySet(context, new MemoryOperation(s_copyForward[1]), Low + 0x3000, High + 0x3000, context->X[3], 0, 8, out ulong rest));
        Assert.Equal(0UL, rest);
    }

    /// <summary>Registers as another processor's prologue leaves them (PSTATE.C = 1), or a rest that the instruction cannot have.</summary>
    [Theory]
    [InlineData(false, 0x1940_0400u, Carry, 10UL, (1u << 17))]
    [InlineData(true, 0x1940_0400u, Carry, 10UL, (1u << 17))]
    [InlineData(true, 0x1D80_F400u, Carry, 10UL, (15u << 19) | (1u << 18) | (1u << 17))]
    [InlineData(true, 0x19C0_6400u, Carry, 10UL, (1u << 24) | (2u << 19) | (1u << 17))]
    [InlineData(true, 0x1940_0400u, 0u, 10UL, 0u)]
    [InlineData(false, 0x19C0_9400u, 0u, 10UL, (1u << 24) | (1u << 19) | (1u << 18))]
    public void AnotherFormOfTheRegistersIsReported(bool emitted, uint word, uint flags, ulong rest, uint iss)
    {
        using TestMachine machine = Mapped(emitted, out _);
        Prepare(machine, Low, High, rest);
        machine.RunFrom(El0 | flags, word | Registers, Asm.Svc(1));
        Assert.Equal(Syndrome.Make(ExceptionClass.MemoryOperation, iss | (1 << 16) | (1 << 10) | (2 << 5) | 3), machine.Esr);
        Assert.Equal((TestMachine.Data, rest), (machine.Elr, machine.Cpu.GetX(3)));
    }

    /// <summary>SCTLR_EL1.MSCEn is for EL0 alone.</summary>
    [Theory]
    [MemberData(nameof(Executors))]
    public void El0NeedsTheEnableBit(bool emitted)
    {
        using TestMachine machine = Mapped(emitted, out _);
        Prepare(machine, Low, High, 10);
        machine.SetSystem("SCTLR_EL1", machine.System("SCTLR_EL1") & ~SctlrBits.UserMemoryOperations);
        foreach (uint word in (uint[])[.. s_copy, .. s_copyForward, .. s_set])
        {
            machine.RunFrom(El0, word, Asm.Svc(1));
            Assert.Equal(Syndrome.Make(ExceptionClass.Unknown), machine.Esr);
        }

        Prepare(machine, Low, High, 10);
        machine.RunFrom(El1, [.. s_copy, Asm.Svc(1)]);
        Assert.Equal(Syndrome.Make(ExceptionClass.SupervisorCall, 1), machine.Esr);
    }

    /// <summary>Which of a copy's sides is accessed as EL0 does is in its name.</summary>
    [Theory]
    [InlineData(false, 0x0, 0u)]
    [InlineData(true, 0x0, 0u)]
    [InlineData(true, 0x1, 0x4Fu)] // cpyfpwt: the write
    [InlineData(true, 0x2, 0x0Fu)] // cpyfprt: the read
    [InlineData(true, 0x3, 0x0Fu)]
    [InlineData(true, 0xC, 0u)]
    public void UnprivilegedFormsHaveThePermissionsOfEl0(bool emitted, int options, uint fault)
    {
        using TestMachine machine = Mapped(emitted, out _);
        Prepare(machine, TestMachine.Ram + 0x3000, TestMachine.Ram + 0x2000, 0x10);
        machine.RunFrom(El1, [.. s_copyForward.Select(word => word | ((uint)options << 12)), Asm.Svc(1)]);
        Assert.Equal(fault == 0 ? Syndrome.Make(ExceptionClass.SupervisorCall, 1) : Syndrome.Make(ExceptionClass.DataAbort, fault), machine.Esr);
        Prepare(machine, TestMachine.Ram + 0x3000, 0, 0x10);
        machine.RunFrom(El1, [.. s_set.Select(word => word | ((uint)(options & 3) << 12)), Asm.Svc(1)]);
        Assert.Equal((options & 1) == 0 ? Syndrome.Make(ExceptionClass.SupervisorCall, 1) : Syndrome.Make(ExceptionClass.DataAbort, 0x4F), machine.Esr);
    }

    [Theory]
    [MemberData(nameof(Executors))]
    public void AWatchpointIsHitAtItsByte(bool emitted)
    {
        using TestMachine machine = Mapped(emitted, out _);
        machine.SetSystem("OSLAR_EL1", 0);
        machine.SetSystem("MDSCR_EL1", 1 << 15);
        machine.SetSystem("DBGWVR0_EL1", Low + 0x40);
        machine.SetSystem("DBGWCR0_EL1", 1 | (2 << 1) | (2 << 3) | (1u << (5 + 3)));
        Prepare(machine, Low, 0x11, 0x100);
        machine.RunFrom(El0, [.. s_set, Asm.Svc(1)]);
        Assert.Equal(Syndrome.Make(ExceptionClass.WatchpointLower, 0x22 | 0x40), machine.Esr);
        Assert.Equal((Low + 0x43, unchecked((ulong)-(0x100 - 0x43))), (machine.Far, machine.Cpu.GetX(3)));
        Expect(machine, Low, 0x43, 0x11);
    }

    [Theory]
    [MemberData(nameof(Executors))]
    public void DevicesAreAccessedByteByByte(bool emitted)
    {
        using var machine = new TestMachine(emitted: emitted);
        Fill(machine, Low, 32, 0x77);
        Prepare(machine, TestBus.Base + 1, Low, 21);
        machine.Run(s_copy);
        Assert.All(machine.Bus.Bytes[1..22], value => Assert.Equal(0x77, value));
        Assert.Equal((0, 0), (machine.Bus.Bytes[0], machine.Bus.Bytes[22]));
        Assert.All(machine.Bus.Accesses, access => Assert.Equal(1, access.Size));
        Prepare(machine, High, TestBus.Base, 16);
        machine.Run(s_copy);
        Expect(machine, High + 1, 15, 0x77);

        // Beyond the device: an external abort at the byte.
        Prepare(machine, TestBus.Base + 4090, 5, 20);
        machine.Run(s_set);
        Assert.Equal(Syndrome.Make(ExceptionClass.DataAbort, 0x50), machine.Esr);
        Assert.Equal((TestBus.Base + 4096, unchecked((ulong)-14)), (machine.Far, machine.Cpu.GetX(3)));
    }

    /// <summary>A function is called, overwritten by a copy, and called again.</summary>
    [Theory]
    [MemberData(nameof(Executors))]
    public void CopiedOverCodeIsSeen(bool emitted)
    {
        using var machine = new TestMachine(emitted: emitted);
        machine.Program(High, Asm.Movz(7, 1), Asm.Ret);
        machine.Program(Low, Asm.Movz(7, 2), Asm.Ret);
        machine.Cpu.SetX(6, High);
        Prepare(machine, High, Low, 8);
        machine.Run([Asm.Blr(6), Asm.Mov(8, 7), .. s_copy, Asm.Isb, Asm.Blr(6)]);
        Assert.Equal((1UL, 2UL), (machine.Cpu.GetX(8), machine.Cpu.GetX(7)));
    }

    [Theory]
    [InlineData(0x1900_0400u | (2 << 16) | (1 << 5) | 1)] // size and destination are one register
    [InlineData(0x1900_0400u | (1 << 16) | (3 << 5) | 1)] // source and destination
    [InlineData(0x1D00_0400u | (31 << 16) | (3 << 5) | 1)]
    [InlineData(0x19C0_0400u | (2 << 16) | (3 << 5) | 31)]
    [InlineData(0x1DC0_0400u | (2 << 16) | (3 << 5) | 1)] // SETGP
    [InlineData(0x19C0_C400u | (2 << 16) | (3 << 5) | 1)] // a fourth stage
    public void OtherEncodingsAreUndefined(uint word)
    {
        foreach (bool emitted in (bool[])[false, true])
        {
            using var machine = new TestMachine(emitted: emitted);
            machine.Run(word);
            Assert.Equal(Syndrome.Make(ExceptionClass.Unknown), machine.Esr);
        }
    }

    /// <summary>SET may take its byte from XZR.</summary>
    [Theory]
    [MemberData(nameof(Executors))]
    public void TheByteMayBeZeroFromTheZeroRegister(bool emitted)
    {
        using var machine = new TestMachine(emitted: emitted);
        Fill(machine, Low, 64, 0xFF);
        Prepare(machine, Low + 8, 0, 48);
        machine.Run([.. s_set.Select(word => (word & ~(31u << 16)) | (31u << 16))]);
        Assert.Equal((ulong.MaxValue, 0UL, 0UL, ulong.MaxValue), (machine.Read64(Low), machine.Read64(Low + 8), machine.Read64(Low + 48), machine.Read64(Low + 56)));
    }

    private const uint Registers = (2 << 16) | (3 << 5) | 1;

    private static uint[] Three(uint word, int stage) => [word | Registers, word | Registers | (1u << stage), word | Registers | (2u << stage)];

    private static void Prepare(TestMachine machine, ulong destination, ulong source, ulong size)
    {
        machine.Cpu.SetX(1, destination);
        machine.Cpu.SetX(2, source);
        machine.Cpu.SetX(3, size);
    }

    private static void Fill(TestMachine machine, ulong address, int size, byte value)
    {
        var bytes = new byte[size];
        bytes.AsSpan().Fill(value);
        Assert.True(machine.Memory.TryWrite(address, bytes));
    }

    private static void Expect(TestMachine machine, ulong address, int size, byte value)
    {
        var bytes = new byte[size];
        Assert.True(machine.Memory.TryRead(address, bytes));
        Assert.All(bytes, one => Assert.Equal(value, one));
    }

    /// <summary>The first 64 KiB of RAM are the kernel's, the rest up to 4 MiB is EL0's as well.</summary>
    private static TestMachine Mapped(bool emitted, out PageTables tables)
    {
        var machine = new TestMachine(emitted: emitted);
        tables = new PageTables(machine, TestMachine.Ram + 0x40_0000);
        const ulong Kernel = PageTables.Accessed | PageTables.Shareable;
        tables.MapRange(TestMachine.Ram, TestMachine.Ram, 0x2_0000, Kernel);
        tables.MapRange(TestMachine.Data, TestMachine.Data, 0x1000, Kernel | PageTables.User | PageTables.ReadOnly);
        tables.MapRange(Low, Low, 0x20_0000, Kernel | PageTables.User);
        tables.Enable(sctlrBits: SctlrBits.SetPrivilegedNeverOff | SctlrBits.UserMemoryOperations);
        return machine;
    }
}
