using System.Diagnostics.CodeAnalysis;
using Arm64Vm.Backend.Il;
using Arm64Vm.Ir;
using Arm64Vm.Ir.Interpreter;

namespace Arm64Vm.Translation.Il;

/// <summary>Runs guest code on any host that .NET runs on: cold blocks by interpreting their IR, hot regions as IL that the runtime compiles.</summary>
/// <remarks>
/// Compiled code returns the unit to go on with, so this loop is all there is on the stack. One thread at a time runs it; invalidations may
/// come from any thread. Context and services are those of one vCPU.
/// </remarks>
[RequiresDynamicCode("Compiles IL at run time.")]
internal sealed unsafe class IlExecutor : IExecutor
{
    private const ulong PageMask = 0xFFF;

    private readonly ICodeMemory memory;
    private readonly Translator translator;
    private readonly IlOptions options;
    private readonly IrInterpreter interpreter;
    private readonly ServiceHost host;
    private readonly TieredStore store;
    private readonly UnitCompiler compiler;
    private readonly IrRegion region = new();
    private readonly Lock gate = new();
    private readonly IlCounters counters = new();
    private GuestContext* prepared;
    private uint seenEpoch;
    private uint seenChanges;
    private uint mappings;
    private bool isStepping;

    public IlExecutor(ICodeMemory memory, IGuestServices services, TranslatorOptions translation, IlOptions? options = null)
    {
        this.memory = memory;
        // Compiled code leaves where floating point is not usual, and the interpreter goes on there.
        translator = new Translator(translation with { FloatsLeave = true });
        this.options = options ?? new IlOptions();
        interpreter = new IrInterpreter(services);
        host = new ServiceHost(services, memory);
        store = new TieredStore(host.Jumps);
        compiler = new UnitCompiler(store, gate, this.options, counters, ModeOf);
    }

    public IlCounters Counters => counters;

    /// <summary>Come back after every unit, as if polled, so that each can be looked at; regions have one block then. Set before the first run.</summary>
    public bool StepsUnits { get; set; }

    /// <summary>Guest instructions are counted in <see cref="GuestContext.Instructions"/>, whole blocks at a time. Set before the first run.</summary>
    public bool CountsInstructions { get; set; }

    public bool HasCode(ulong physicalPage)
    {
        lock (gate)
            return store.HasCode(physicalPage);
    }

    public void Invalidate(ulong physicalAddress, ulong length)
    {
        lock (gate)
            counters.Invalidated += store.Invalidate(physicalAddress, length);
    }

    /// <summary>The compiled method of a unit at a physical address, or null.</summary>
    internal IlCode? FindCode(ulong physicalAddress)
    {
        lock (gate)
            return store.FindAny(physicalAddress)?.Code;
    }

    /// <summary>FPSR is exact in the context at any time.</summary>
    public void SynchronizeFloatStatus(GuestContext* context)
    {
    }

    /// <summary>FPCR is part of the mode, and the oracle reads it from the context.</summary>
    public void FloatControlChanged(GuestContext* context)
    {
    }

    // SAFETY: context is owned by the calling thread for the call; other threads write only its Poll word.
    public ExitReason Run(GuestContext* context)
    {
        if (prepared != context)
        {
            context->ContextTag = FetchTlb.NoContext;
            host.Jumps.Clear();
            prepared = context;
        }

        TieredUnit? from = null;
        bool isRare = false;
        while (true)
        {
            if (Volatile.Read(ref context->Poll) != 0)
                return ExitReason.Poll;
            if ((context->Pc & 3) != 0)
                return ExitReason.PcAlignment;
            TieredUnit? unit = Fetch(context, from);
            from = null;
            if (unit is null)
            {
                // A handler that cannot be fetched either raises exceptions without end: each of them is a step.
                if (StepsUnits && Volatile.Read(ref context->Poll) == 0)
                    return ExitReason.FetchAbort;
                continue;
            }

            if (isStepping)
                return RunAlone(unit, context);

            counters.Entries++;
            IlUnit? next = isRare ? InterpretBlock(unit, context) : unit;
            isRare = false;
            while (next is not null)
            {
                unit = System.Runtime.CompilerServices.Unsafe.As<TieredUnit>(next);
                IlCode? code = unit.Code;
                next = code is not null ? code(context) : Interpret(unit, context);
            }

            DeferredFlagsCode.Settle(context);
            switch (context->Exit.Reason)
            {
                case IlExit.Link:
                    from = unit;
                    counters.Links++;
                    break;
                case IlExit.Indirect:
                    counters.IndirectMisses++;
                    break;
                case IlExit.Rare:
                    isRare = true;
                    NoteRare(unit);
                    break;
                case IlExit.Raised or (uint)ExitReason.Lookup:
                    break;
                default:
                    return (ExitReason)context->Exit.Reason;
            }

            if (StepsUnits)
                return ExitReason.Poll;
        }
    }

    public void Dispose()
    {
        compiler.Dispose();
        lock (gate)
            store.Clear();
    }

    /// <summary>Sets the context up to run the unit at its PC; null where fetching raised an exception.</summary>
    /// <param name="context">The context.</param>
    /// <param name="from">The unit whose jump Exit.Site goes there.</param>
    private TieredUnit? Fetch(GuestContext* context, TieredUnit? from)
    {
        ulong pc = context->Pc;
        uint type = context->BranchType;
        if (!memory.TryFetch(context, pc, out CodeLocation location))
            return null;
        isStepping = location.Mode.SingleStep;
        ulong physical = location.PhysicalPage + (pc & PageMask);
        TieredUnit? unit;
        lock (gate)
            unit = store.Find(physical, location.Mode);
        unit ??= Translate(location, (int)(pc & PageMask), physical);
        if (Volatile.Read(ref context->Poll) != 0)
            return null;
        lock (gate)
        {
            ulong tag = location.ContextTag | MappingTag();
            if (tag != context->ContextTag)
            {
                context->ContextTag = tag;
                from = null;
            }

            if (from is not null && !isStepping)
                store.Link(from, (int)context->Exit.Site, unit, context->PcPage ^ tag);
            if (!isStepping && !unit.IsRemoved)
                EnterJump(pc, type, tag, unit);
        }

        context->PcPage = pc & ~PageMask;
        return unit;
    }

    /// <summary>
    /// Counts changes of mappings in bits 62:48 of the context's tag, so that links and jump cache entries made before one are never found
    /// again. (Bits 63:48 of a page are all alike, so a page XOR a tag stands for both.) Under the lock.
    /// </summary>
    private ulong MappingTag()
    {
        const uint Most = 0x7FFE;
        if (memory.ContextEpoch != seenEpoch || memory.ContextChanges != seenChanges)
        {
            seenEpoch = memory.ContextEpoch;
            seenChanges = memory.ContextChanges;
            if (++mappings > Most)
            {
                mappings = 0;
                store.UnlinkAcrossPages();
            }
        }

        return (ulong)mappings << 48;
    }

    private void EnterJump(ulong pc, uint type, ulong tag, TieredUnit unit)
    {
        int slot = host.Jumps.Add(pc, type, tag, unit);
        if (!unit.JumpSlots.Contains(slot))
            unit.JumpSlots.Add(slot);
    }

    /// <summary>
    /// First no vCPU can write the page without being heard, then its bytes are read; what is heard meanwhile starts the reading again.
    /// The lock is not held while other vCPUs are waited for: they may be telling of a store.
    /// </summary>
    private TieredUnit Translate(in CodeLocation location, int offset, ulong physical)
    {
        bool isNew;
        lock (gate)
            isNew = store.Reserve(location.PhysicalPage);
        if (isNew)
            memory.WatchWrites(location.PhysicalPage);
        while (true)
        {
            uint generation;
            lock (gate)
                generation = store.GenerationOf(location.PhysicalPage);
            translator.Translate(location, offset, region);
            var unit = new TieredUnit(host, physical, location.Mode, region) { NextRequest = options.Threshold };
            lock (gate)
            {
                if (!store.TryAdd(unit, generation))
                    continue;
                counters.Units++;
                counters.GuestInstructions += unit.GuestInstructions;
                return unit;
            }
        }
    }

    /// <summary>One instruction at a time is always interpreted.</summary>
    private ExitReason RunAlone(TieredUnit unit, GuestContext* context)
    {
        Count(unit, context);
        ExitReason reason = interpreter.Run(unit.Instructions, unit.Blocks, context, once: true);
        return reason is ExitReason.Lookup or ExitReason.Poll ? ExitReason.SingleStep : reason;
    }

    private void Count(TieredUnit unit, GuestContext* context)
    {
        if (CountsInstructions || unit.Mode.CountsInstructions)
            context->Instructions += (ulong)unit.GuestInstructions;
    }

    /// <summary>Runs a block that is not compiled (yet). As compiled code: the next unit, or null and why.</summary>
    private IlUnit? Interpret(TieredUnit unit, GuestContext* context)
    {
        if (unit.Executions++ >= unit.NextRequest)
        {
            compiler.Request(unit);
            if (unit.Code is { } code)
                return code(context);
        }

        return InterpretBlock(unit, context);
    }

    private IlUnit? InterpretBlock(TieredUnit unit, GuestContext* context)
    {
        DeferredFlagsCode.Settle(context);
        counters.Interpreted++;
        Count(unit, context);
        ExitReason reason = interpreter.Run(unit.Instructions, unit.Blocks, context, once: true);
        if (reason != ExitReason.Lookup)
        {
            context->Exit.Reason = (uint)reason;
            return null;
        }

        context->Exit.Reason = interpreter.HasRaised ? IlExit.Raised : (uint)ExitReason.Lookup;
        if (interpreter.HasRaised || unit.ChangesProcessor || StepsUnits)
            return null;
        ulong pc = context->Pc;
        if (host.Jumps.Find(pc, context->BranchType, context->ContextTag) is not { } next || Volatile.Read(ref context->Poll) != 0)
            return null;
        context->BranchType = 0;
        context->PcPage = pc & ~PageMask;
        return next;
    }

    /// <summary>
    /// A unit whose code left because of floating point gets its careful form when that is no accident (FPSR.IXC stays clear in programs whose arithmetic is exact),
    /// and is replaced by it where leaving goes on all the time.
    /// </summary>
    private void NoteRare(TieredUnit unit)
    {
        const uint Batch = 1024;
        const long BatchMilliseconds = 50;
        counters.RareExits++;
        if (unit.Main is not null)
            return;
        if (unit.RareExits >= options.Threshold && !unit.IsCarefulFormQueued)
        {
            compiler.RequestCarefulForm(unit);
            return;
        }

        if (unit.RareExits % Batch != 0)
            return;
        long now = Environment.TickCount64;
        if (now - unit.RareSince < BatchMilliseconds)
            unit.UsualStatus = 0;
        unit.RareSince = now;
    }

    private IlMode ModeOf(TranslationMode mode) => new(
        mode.ExceptionLevel, mode.MmuIndex, mode.AlignmentChecked, mode.Fpcr, mode.ZeroTrapped, mode.PointerAuthentication,
        CountsInstructions || mode.CountsInstructions, StepsUnits);

    /// <summary>SYS instructions may change what the context's tag stands for.</summary>
    private sealed class ServiceHost(IGuestServices services, ICodeMemory memory) : IlHost(services)
    {
        public override bool SystemOperation(GuestContext* context, uint encoding, int pageOffset, ulong operand)
        {
            uint changes = memory.ContextChanges;
            if (!base.SystemOperation(context, encoding, pageOffset, operand))
                return false;
            ForgetContext(context, changes);
            return true;
        }

        public override void CompleteInvalidations(GuestContext* context)
        {
            uint changes = memory.ContextChanges;
            base.CompleteInvalidations(context);
            ForgetContext(context, changes);
        }

        /// <summary>Mappings of code have changed (TLBI): jumps to other pages are found again under a new tag, once the executor has fetched.</summary>
        private void ForgetContext(GuestContext* context, uint changes)
        {
            if (changes != memory.ContextChanges)
                context->ContextTag = FetchTlb.NoContext;
        }
    }
}
