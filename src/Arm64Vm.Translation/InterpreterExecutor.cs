using Arm64Vm.Ir;
using Arm64Vm.Ir.Interpreter;

namespace Arm64Vm.Translation;

/// <summary>Runs guest code by interpreting its IR: slow, simple, and the same on every host.</summary>
internal sealed unsafe class InterpreterExecutor : IExecutor
{
    private const ulong PageMask = 0xFFF;
    private const ulong NoPage = ulong.MaxValue;
    private readonly ICodeMemory memory;
    private readonly Translator translator;
    private readonly IrInterpreter interpreter;
    private readonly InterpreterStore store = new();
    private readonly IrRegion region = new();
    private readonly Lock gate = new();

    /// <summary>The page that is about to get its first code.</summary>
    private ulong arming = NoPage;

    public InterpreterExecutor(ICodeMemory memory, IGuestServices services, TranslatorOptions options)
    {
        this.memory = memory;
        translator = new Translator(options);
        interpreter = new IrInterpreter(services);
    }

    /// <summary>Come back after every unit, as if polled, so that each can be looked at.</summary>
    public bool StepsUnits
    {
        get => interpreter.StepsBlocks;
        set => interpreter.StepsBlocks = value;
    }

    // SAFETY: context is owned by the calling thread for the call; other threads write only its Poll word.
    public ExitReason Run(GuestContext* context)
    {
        while (true)
        {
            ulong pc = context->Pc;
            if ((pc & 3) != 0)
                return ExitReason.PcAlignment;
            if (Volatile.Read(ref context->Poll) != 0)
                return ExitReason.Poll;
            if (!memory.TryFetch(context, pc, out CodeLocation location))
            {
                if (StepsUnits)
                    return ExitReason.FetchAbort;
                continue;
            }

            context->PcPage = pc & ~PageMask;
            InterpretedUnit unit = Find(location, (int)(pc & PageMask));
            context->Instructions += (ulong)unit.GuestInstructions;
            bool single = location.Mode.SingleStep;
            ExitReason reason = interpreter.Run(unit.Instructions, unit.Blocks, context, once: single || location.Mode.CountsInstructions);
            if (single && reason is ExitReason.Lookup or ExitReason.Poll)
                return ExitReason.SingleStep;
            if (reason != ExitReason.Lookup)
                return reason;
            if (StepsUnits)
                return ExitReason.Poll;
        }
    }

    public bool HasCode(ulong physicalPage)
    {
        lock (gate)
            return store.HasCode(physicalPage & ~PageMask) || arming == (physicalPage & ~PageMask);
    }

    public void Invalidate(ulong physicalAddress, ulong length)
    {
        lock (gate)
            store.Invalidate(physicalAddress, length);
    }

    public void SynchronizeFloatStatus(GuestContext* context)
    {
    }

    public void FloatControlChanged(GuestContext* context)
    {
    }

    public void Dispose()
    {
    }

    /// <remarks>
    /// Nothing is held while the page's write entries are withdrawn: a vCPU that is waited for may be about to report a store. From then on its
    /// stores are reported, and wait for the lock; bytes that it wrote before are there when they are read.
    /// </remarks>
    private InterpretedUnit Find(in CodeLocation location, int offset)
    {
        ulong page = location.PhysicalPage;
        while (true)
        {
            bool isNew;
            lock (gate)
            {
                if (store.TryFind(page, offset, location.Mode, out InterpretedUnit unit))
                    return unit;
                isNew = !store.HasCode(page);
                if (isNew)
                    arming = page;
            }

            if (isNew)
                memory.WatchWrites(page);
            lock (gate)
            {
                // Its last unit may have gone meanwhile, and stores to it are not reported any more.
                if (!isNew && !store.HasCode(page))
                    continue;
                translator.Translate(location, offset, region);
                arming = NoPage;
                return store.Add(page, offset, location.Mode, region);
            }
        }
    }
}
