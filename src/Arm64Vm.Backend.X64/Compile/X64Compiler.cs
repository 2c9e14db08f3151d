using Arm64Vm.Backend.X64.Emit;
using Arm64Vm.Backend.X64.Memory;
using Arm64Vm.Backend.X64.Profiling;
using Arm64Vm.Ir;

namespace Arm64Vm.Backend.X64.Compile;

/// <summary>What the compiler needs to know about the processor's mode to specialize code.</summary>
/// <param name="ExceptionLevel">0 or 1.</param>
/// <param name="MmuIndex">Software TLB that loads and stores use.</param>
/// <param name="AlignmentChecked">Unaligned accesses go to the slow path, which faults.</param>
/// <param name="SingleStep">The unit is one guest instruction, after which the processor must be asked.</param>
/// <param name="Fpcr">FPCR bits that select semantics.</param>
/// <param name="ZeroTrapped">DC ZVA traps.</param>
/// <param name="PointerAuthentication">The processor has pointer authentication keys, and some are in use.</param>
/// <param name="LoadWindow">Plain loads try the range of <see cref="Ir.LoadWindow"/> first.</param>
internal readonly record struct CompileMode(
    int ExceptionLevel, int MmuIndex, bool AlignmentChecked, bool SingleStep, uint Fpcr, bool ZeroTrapped = false, bool PointerAuthentication = false, bool LoadWindow = false);

/// <summary>Turns one IR region into x86-64 code. One instance per compiling thread, reused; allocates nothing per region.</summary>
internal sealed partial class X64Compiler
{
    private readonly ICompilerHost host;
    private readonly Stubs stubs;
    private readonly HostFeatures features;
    private readonly X64Emitter emit;
    private readonly ProbeWindows windows = new();
    private readonly Label[] blockLabels = new Label[IrRegion.MaxBlocks];
    private IrRegion region = null!;
    private CompileMode mode;
    private int spillCount;
    private int flagStoreCount;

    public X64Compiler(ICompilerHost host, Stubs stubs, HostFeatures features)
    {
        this.host = host;
        this.stubs = stubs;
        this.features = features;
        if (stubs.UsesUpperVectors != features.HasUpperVectors)
            throw new ArgumentException("units and stubs must agree where guest vectors are", nameof(features));
        emit = new X64Emitter();
    }

    /// <summary>Code adds its guest instructions to <see cref="GuestContext.Instructions"/> on entry.</summary>
    public bool CountsInstructions { get; set; }

    /// <summary>Gets the places of guest instructions in the last region's code; null: nobody wants them.</summary>
    public HostMap? Map { get; set; }

    /// <summary>Address of counters (<see cref="UnitCounters"/>) that the next region's code adds to; 0: none.</summary>
    public long Counters { get; set; }

    /// <summary>Several processors run the code that counts.</summary>
    public bool CountersAreShared { get; set; }

    /// <summary>Values that the last region's code stores to spill slots before its slow paths.</summary>
    public int Spills { get; private set; }

    /// <summary>Times that the last region's code stores the guest's flags before its slow paths.</summary>
    public int FlagStores { get; private set; }

    /// <summary>Bytes of the last region's code that come before its slow paths and link stubs, which may be moved apart from them.</summary>
    public int HotSize { get; private set; }

    /// <summary>Offsets of the distances in the last region's code that change when its parts are moved apart (<see cref="X64Emitter.Crossings"/>).</summary>
    public ReadOnlySpan<int> Crossings => emit.Crossings;

    /// <summary>What the last region's code refers to outside itself, link sites left out.</summary>
    public ReadOnlySpan<CodeReference> References => emit.References.Items;

    /// <summary>Lets go of room for large regions, between two of them.</summary>
    public void GiveBack() => values.GiveBack();

    /// <summary>Compiles into [rw, rw + capacity); false where it does not fit (nothing may be used then).</summary>
    /// <param name="source">What to compile.</param>
    /// <param name="compileMode">The processor's mode that the code is for.</param>
    /// <param name="capacity">Bytes available at the place.</param>
    /// <param name="rw">Writable view of the place.</param>
    /// <param name="rx">Executable view of the same place.</param>
    /// <param name="bufferOffset">Offset of the place from the start of the code buffer.</param>
    /// <param name="size">Bytes written.</param>
    // SAFETY: the caller owns [rw, rw + capacity) and its executable view for the call; the emitter stops at the capacity.
    public unsafe bool TryCompile(IrRegion source, CompileMode compileMode, byte* rw, byte* rx, int capacity, int bufferOffset, out int size)
    {
        region = source;
        mode = compileMode;
        codeOffset = bufferOffset;
        emit.Reset(rw, rx, capacity);
        ResetAllocator();
        coldCount = 0;
        floatColdCount = 0;
        pendingLeaveCount = 0;
        pendingSiteCount = 0;
        Map?.Clear();
        spillCount = flagStoreCount = 0;
        ReadOnlySpan<IrBlock> blocks = source.Blocks;
        for (int i = 0; i < blocks.Length; i++)
            blockLabels[i] = emit.NewLabel();
        for (int i = 0; i < blocks.Length; i++)
        {
            emit.Bind(blockLabels[i]);

            // A block begins with the guest's flags in memory, so the host's may be changed.
            if (CountsInstructions && i == 0)
                emit.Alu(AluOp.Add, 8, Mem.Base(HostAbi.Context, GuestContext.InstructionsOffset - HostAbi.ContextBias), source.GuestInstructions);
            if (i == 0)
                EmitCount(UnitCounters.EntriesOffset, Gpr.Rax);
            CompileBlock(blocks[i]);
        }

        (Spills, FlagStores) = (spillCount, flagStoreCount);
        EmitLeaves();
        HotSize = emit.Position;
        emit.BeginCold();
        EmitColdPaths();
        EmitFloatColdPaths();
        FinishSites();
        size = emit.Position;
        return !emit.Overflowed;
    }

    /// <summary>Adds one to a counter, where there are any. Changes the register and the host's flags.</summary>
    private void EmitCount(int counter, Gpr scratch)
    {
        if (Counters == 0)
            return;

        // Locked where processors share the code, for no count is to be lost.
        emit.MovImm(scratch, (ulong)(Counters + counter));
        if (CountersAreShared)
            emit.LockAlu(AluOp.Add, 8, Mem.Base(scratch), 1);
        else
            emit.Alu(AluOp.Add, 8, Mem.Base(scratch), 1);
    }

    private void CompileBlock(in IrBlock block)
    {
        Span<IrInst> instructions = region.Instructions;
        HostMap? map = Map;
        Span<uint> places = map is null ? default : map.Room(block.End - block.First);
        int placeCount = 0;
        int mapped = -1;
        values.Prepare(instructions, block.First, block.End, PinnedV);
        windows.Prepare(instructions, block.First, block.End, enabled: !mode.AlignmentChecked);
        ResetAllocator();
        flagsOwner = 0;
        staleFlags = 0;
        blockStart = block.First;
        guestFlagsValue = 0;
        guestFlagReaderCount = 0;
        regionMustReturn = mode.SingleStep;
        regionMustPoll = false;
        for (int i = block.First; i < block.End; i++)
        {
            current = i;
            ref IrInst inst = ref instructions[i];
            if (!IrOps.HasEffect(inst.Op) && values[i].LastUse == 0)
                continue;
            if (TryDefer(inst))
                continue;
            if (map is not null && inst.Pc != mapped)
            {
                places[placeCount++] = HostMap.Pack(emit.Position, inst.Pc);
                mapped = inst.Pc;
            }

            CompileInstruction(ref inst);
            ReleaseOperands(inst);
            if (emit.Overflowed)
                return;
        }

        map?.Advance(placeCount);
    }

    private void CompileInstruction(ref IrInst inst)
    {
        mayUseUpper = stubs.UsesUpperVectors && HasUpperForms(inst);
        if (IrOps.IsTerminator(inst.Op))
            CompileTerminator(inst);
        else if (IrOps.IsSideExit(inst.Op))
            EmitSideExit(inst);
        else if (IrOps.IsFloat(inst.Op))
            CompileFloat(inst);
        else if (IrOps.IsVector(inst.Op))
            CompileVector(inst);
        else if (inst.Op >= IrOp.Load && inst.Op <= IrOp.PointerAuth)
            CompileMemoryOrSystem(inst);
        else
            CompileInteger(inst);
    }

    /// <summary>Vector integer and crypto: host instructions where there are any, else the oracle.</summary>
    private void CompileVector(in IrInst inst)
    {
        if (!TryEmitVector(inst))
            EmitPureCall(inst);
    }

    /// <summary>Floating point: host instructions where there are any, else the oracle.</summary>
    private void CompileFloat(in IrInst inst)
    {
        if (!TryEmitFloat(inst))
            EmitPureCall(inst);
    }
}
