using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Arm64Vm.Backend.Il;
using Arm64Vm.Ir;

namespace Arm64Vm.Translation.Il;

/// <summary>Compiles hot units, on a thread of its own or on the caller's.</summary>
[RequiresDynamicCode("Compiles IL at run time.")]
internal sealed class UnitCompiler : IDisposable
{
    private readonly TieredStore store;
    private readonly Lock gate;
    private readonly IlCounters counters;
    private readonly Func<TranslationMode, IlMode> modeOf;
    private readonly IlCompiler compiler = new();
    private readonly IrRegion region = new();
    private readonly RegionBuilder builder;
    private readonly IlOptions options;
    private readonly CompileQueue queue = new();
    private readonly Thread? thread;

    /// <param name="store">Where units are.</param>
    /// <param name="gate">The executor's lock around the store.</param>
    /// <param name="options">When and where to compile.</param>
    /// <param name="counters">Counted into, under the lock.</param>
    /// <param name="modeOf">What the compiler needs of a mode.</param>
    public UnitCompiler(TieredStore store, Lock gate, IlOptions options, IlCounters counters, Func<TranslationMode, IlMode> modeOf)
    {
        this.store = store;
        this.gate = gate;
        this.options = options;
        this.counters = counters;
        this.modeOf = modeOf;
        builder = new RegionBuilder(options);
        if (!options.InBackground)
            return;
        thread = new Thread(Work) { IsBackground = true, Name = "arm64vm-il" };
        thread.Start();
    }

    /// <summary>Has a unit compiled, now or soon. Its code is published when it is done. Until then it is asked for again when it has run several times as often.</summary>
    public void Request(TieredUnit unit)
    {
        int requests;
        lock (gate)
        {
            // The compiling thread may begin to count anew.
            requests = ++unit.Requests;
            unit.IsWanted = true;
            unit.NextRequest = (int)Math.Min(int.MaxValue, Math.Max(unit.Executions, 1) * (long)CompileQueue.Step);
        }

        if (thread is null)
            Compile(unit);
        else
            queue.Add(unit, requests);
    }

    /// <summary>Has the careful form of a unit compiled. Until there is one the unit leaves again and again, and it is not asked for a second time: it comes first.</summary>
    public void RequestCarefulForm(TieredUnit unit)
    {
        unit.IsCarefulFormQueued = true;
        Request(new TieredUnit(unit) { Requests = CompileQueue.Levels - 1 });
    }

    public void Dispose()
    {
        queue.Close();
        thread?.Join();
    }

    private void Work()
    {
        while (queue.Take() is { } unit)
        {
            if (unit.IsWanted)
                Compile(unit);
        }
    }

    /// <summary>What was removed while it was compiled is not published.</summary>
    private void Compile(TieredUnit unit)
    {
        long start = Stopwatch.GetTimestamp();
        unit.IsWanted = false;
        TieredUnit entry = unit.Main ?? unit;
        lock (gate)
        {
            // It may have been asked for again while it was compiled: code that runs names its parts by number, so they are never exchanged.
            if (entry.IsRemoved || unit.Code is not null)
                return;
            builder.Build(store, entry, region);
        }

        IlCompilation compilation = compiler.Compile(region, modeOf(unit.Mode) with { IsCareful = unit.Main is not null });
        IlCode code;
        try
        {
            code = compilation.Bind(unit);
        }
        catch (InvalidProgramException e)
        {
            throw new InvalidOperationException($"IL that is none, of\n{IrPrinter.Print(region)}", e);
        }

        lock (gate)
        {
            foreach (TieredUnit member in builder.Members)
            {
                if (member.IsRemoved)
                {
                    // What remains of the entry may become hot again.
                    entry.IsCarefulFormQueued = false;
                    LeaveAlone(unit);
                    return;
                }
            }

            foreach (TieredUnit member in builder.Members)
            {
                entry.Start = Math.Min(entry.Start, member.Start);
                entry.End = Math.Max(entry.End, member.End);
                // It runs as part of this region now. Where it is entered by itself as well, that shows soon.
                if (member != entry && member.Code is null)
                    LeaveAlone(member);
            }

            unit.Publish(compilation, code);
            if (unit != entry)
                entry.CarefulForm = unit;
            counters.Compiled++;
            counters.CompiledBlocks += builder.Members.Count;
            counters.CompiledInstructions += region.GuestInstructions;
            counters.IlBytes += compilation.IlSize;
            counters.CompileTime += Stopwatch.GetElapsedTime(start);
        }
    }

    /// <summary>The unit is not wanted until it has run as often again.</summary>
    private void LeaveAlone(TieredUnit unit)
    {
        unit.IsWanted = false;
        unit.Requests = 0;
        unit.NextRequest = options.Threshold;
        unit.Executions = 0;
    }
}
