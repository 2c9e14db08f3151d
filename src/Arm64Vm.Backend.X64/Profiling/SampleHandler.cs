using Arm64Vm.Backend.X64.Compile;
using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Profiling;

/// <summary>The signal handler that takes a sample, as emitted code: managed code must not run in a signal handler, whatever the thread was doing.</summary>
/// <remarks>
/// <para>void handler(int, siginfo_t*, ucontext_t*), x86-64 Linux. It touches the ring that the timer's value points to, the context of the vCPU that the
/// thread runs, and guest memory by way of the vCPU's inline TLBs: a frame pointer whose page is in none of them ends the walk. It may use every
/// register, since returning restores them all.</para>
/// <para>SAFETY: entries of the inline TLBs, also while they are replaced, lead to guest memory, which outlives the vCPU; the ring outlives the timer.</para>
/// </remarks>
internal sealed unsafe class SampleHandler : IDisposable
{
    // siginfo_t of a timer, and ucontext_t (arch/x86/include/uapi/asm/sigcontext.h, asm-generic/siginfo.h).
    private const int CodeOffset = 8;
    private const int TimerCode = -2;
    private const int OverrunOffset = 20;
    private const int ValueOffset = 24;
    private const int RspOffset = 160;
    private const int RipOffset = 168;

    private readonly CodeBuffer _code = CodeBuffer.Create(1);

    public SampleHandler()
    {
        X64Emitter emit = new();
        emit.Reset(_code.Rw, _code.Rx, (int)_code.Size);
        Emit(emit);
        if (emit.Overflowed)
            throw new InvalidOperationException("the sample handler does not fit its page");
    }

    public nint Address => (nint)_code.Rx;

    public void Dispose() => _code.Dispose();

    private static void Emit(X64Emitter emit)
    {
        const Gpr Info = Gpr.Rsi;
        const Gpr UserContext = Gpr.Rbx;
        const Gpr Ring = Gpr.R8;
        const Gpr Point = Gpr.R9;
        const Gpr Head = Gpr.R10;
        const Gpr Entry = Gpr.R11;
        const Gpr Context = Gpr.R12;
        Label done = emit.NewLabel();
        Label full = emit.NewLabel();
        emit.Alu(AluOp.Cmp, 4, Mem.Base(Info, CodeOffset), TimerCode);
        emit.Jcc(Cc.Ne, done);
        emit.Mov(8, Ring, Mem.Base(Info, ValueOffset));
        emit.Mov(8, Point, Mem.Base(Ring, SampleRing.CurrentOffset));
        emit.Test(8, Point, Point);
        emit.Jcc(Cc.E, done);
        emit.Mov(8, UserContext, Gpr.Rdx);
        emit.Mov(8, Head, Mem.Base(Ring, SampleRing.HeadOffset));
        emit.Mov(8, Gpr.Rax, Head);
        emit.Alu(AluOp.Sub, 8, Gpr.Rax, Mem.Base(Ring, SampleRing.TailOffset));
        emit.Alu(AluOp.Cmp, 8, Gpr.Rax, SampleRing.Entries);
        emit.Jcc(Cc.Ae, full);
        emit.Mov(8, Entry, Head);
        emit.Alu(AluOp.And, 8, Entry, SampleRing.Entries - 1);
        emit.Shift(ShiftOp.Shl, 8, Entry, System.Numerics.BitOperations.Log2(SampleEntry.SizeInBytes));
        emit.Lea(8, Entry, Mem.Index(Ring, Entry, 1, SampleRing.FirstEntry));

        emit.Rdtsc();
        emit.Shift(ShiftOp.Shl, 8, Gpr.Rdx, 32);
        emit.Alu(AluOp.Or, 8, Gpr.Rax, Gpr.Rdx);
        emit.Mov(8, Mem.Base(Entry, SampleEntry.TimestampOffset), Gpr.Rax);
        Copy(emit, 8, Entry, SampleEntry.InstructionPointerOffset, UserContext, RipOffset);
        Copy(emit, 4, Entry, SampleEntry.OverrunOffset, Info, OverrunOffset);
        Copy(emit, 4, Entry, SampleEntry.PlaceOffset, Point, SamplePoint.PlaceOffset);
        Copy(emit, 4, Entry, SampleEntry.ProcessorOffset, Point, SamplePoint.ProcessorOffset);
        Copy(emit, 8, Entry, SampleEntry.SiteOffset, Point, SamplePoint.SiteOffset);
        emit.Mov(8, Gpr.Rdx, Mem.Base(UserContext, RspOffset));
        Copy(emit, 8, Entry, SampleEntry.HostStackOffset, Gpr.Rdx, 0);
        Copy(emit, 8, Entry, SampleEntry.HostStackOffset + 8, Gpr.Rdx, 8);
        emit.Mov(8, Context, Mem.Base(Point, SamplePoint.ContextOffset));
        Copy(emit, 8, Entry, SampleEntry.PcPageOffset, Context, GuestContext.PcPageOffset);
        Copy(emit, 8, Entry, SampleEntry.PcOffset, Context, GuestContext.PcOffset);
        Copy(emit, 8, Entry, SampleEntry.FramePointerOffset, Context, GuestContext.XOffset + (29 * 8));
        Copy(emit, 8, Entry, SampleEntry.LinkOffset, Context, GuestContext.XOffset + (30 * 8));
        Copy(emit, 8, Entry, SampleEntry.TableBaseOffset, Context, GuestContext.DirectRegistersOffset + ((int)DirectRegister.TranslationBase0 * 8));
        Copy(emit, 8, Entry, SampleEntry.UpperTableBaseOffset, Context, GuestContext.DirectRegistersOffset + ((int)DirectRegister.TranslationBase1 * 8));
        Copy(emit, 8, Entry, SampleEntry.ThreadOffset, Context, GuestContext.DirectRegistersOffset + ((int)DirectRegister.StackPointer0 * 8));
        EmitWalk(emit, Entry, Context);

        // Stores stay in order: who sees the head sees the entry.
        emit.Inc(8, Head);
        emit.Mov(8, Mem.Base(Ring, SampleRing.HeadOffset), Head);
        emit.Bind(done);
        emit.Ret();
        emit.Bind(full);
        emit.Inc(8, Mem.Base(Ring, SampleRing.DroppedOffset));
        emit.Ret();
    }

    /// <summary>Follows frame records: {caller's frame pointer, return address} at X29.</summary>
    private static void EmitWalk(X64Emitter emit, Gpr entry, Gpr context)
    {
        const Gpr Frame = Gpr.Rdi;
        const Gpr Count = Gpr.Rcx;
        const Gpr Index = Gpr.Rdx;
        const int RecordBytes = 16;
        Label next = emit.NewLabel();
        Label end = emit.NewLabel();
        Label found = emit.NewLabel();
        emit.Mov(8, Frame, Mem.Base(entry, SampleEntry.FramePointerOffset));
        emit.Alu(AluOp.Xor, 4, Count, Count);
        emit.Bind(next);
        emit.Alu(AluOp.Cmp, 4, Count, SampleEntry.MaximumFrames);
        emit.Jcc(Cc.Ae, end);
        emit.Test(8, Frame, Frame);
        emit.Jcc(Cc.E, end);
        emit.Test(4, Frame, 7);
        emit.Jcc(Cc.Ne, end);
        emit.Rorx(4, Index, Frame, 8);
        emit.Alu(AluOp.And, 4, Index, (GuestContext.TlbEntries - 1) * GuestContext.TlbEntrySize);

        // Every table is right for the address space in use. Kernels mostly run with PAN.
        foreach (int mmuIndex in (ReadOnlySpan<int>)[2, 1, 0])
        {
            int table = GuestContext.TlbTable(mmuIndex, write: false);
            Label missed = emit.NewLabel();
            emit.Mov(8, Gpr.Rax, Frame);
            emit.Alu(AluOp.Sub, 8, Gpr.Rax, Mem.Index(context, Index, 1, table));
            emit.Alu(AluOp.Cmp, 8, Gpr.Rax, 4096 - RecordBytes);
            emit.Jcc(Cc.A, missed);
            emit.Alu(AluOp.Add, 8, Gpr.Rax, Mem.Index(context, Index, 1, table + 8));
            emit.Jmp(found);
            emit.Bind(missed);
        }

        emit.Jmp(end);
        emit.Bind(found);
        emit.Mov(8, Frame, Mem.Base(Gpr.Rax));
        emit.Mov(8, Gpr.Rax, Mem.Base(Gpr.Rax, 8));
        emit.Mov(8, Mem.Index(entry, Count, 8, SampleEntry.FramesOffset), Gpr.Rax);
        emit.Inc(4, Count);
        emit.Jmp(next);
        emit.Bind(end);
        emit.Mov(4, Mem.Base(entry, SampleEntry.FrameCountOffset), Count);
    }

    private static void Copy(X64Emitter emit, int size, Gpr to, int toOffset, Gpr from, int fromOffset)
    {
        emit.Mov(size, Gpr.Rax, Mem.Base(from, fromOffset));
        emit.Mov(size, Mem.Base(to, toOffset), Gpr.Rax);
    }
}
