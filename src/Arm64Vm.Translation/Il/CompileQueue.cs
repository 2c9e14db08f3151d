namespace Arm64Vm.Translation.Il;

/// <summary>Units that wait to be compiled: those that the interpreter ran most often come first.</summary>
/// <remarks>
/// A unit is asked for again while it waits, each time that it has run <see cref="Step"/> times as often; what waited longest among equals goes first.
/// So a hot loop does not wait behind the thousands of blocks that a program runs a thousand times as it starts. Calls come from any thread.
/// </remarks>
internal sealed class CompileQueue
{
    /// <summary>Between one request and the next.</summary>
    public const int Step = 4;

    /// <summary>Requests that count: those after so many come no earlier.</summary>
    public const int Levels = 5;

    /// <summary>
    /// Units that wait at each level but the highest, which is served first: what a guest makes hot and overwrites must not pile up behind what it makes hotter.
    /// </summary>
    internal const int Most = 1 << 13;

    private readonly Queue<TieredUnit>[] levels = [.. Enumerable.Range(0, Levels).Select(_ => new Queue<TieredUnit>())];
    private bool isClosed;

    /// <summary>Asks for a unit for the first time or, so that it comes earlier, for a later one.</summary>
    public void Add(TieredUnit unit, int requests)
    {
        lock (levels)
        {
            Queue<TieredUnit> level = levels[Math.Clamp(requests, 1, Levels) - 1];
            if (level.Count == Most && requests < Levels)
                return; // it asks for a higher level when it has run more often
            level.Enqueue(unit);
            Monitor.Pulse(levels);
        }
    }

    /// <summary>Waits for a unit and takes it; null: the queue was closed. A unit comes once for each time it was asked for; the caller looks whether it is still wanted.</summary>
    public TieredUnit? Take()
    {
        lock (levels)
        {
            while (!isClosed)
            {
                for (int level = Levels - 1; level >= 0; level--)
                {
                    if (levels[level].TryDequeue(out TieredUnit? unit))
                        return unit;
                }

                Monitor.Wait(levels);
            }

            return null;
        }
    }

    public void Close()
    {
        lock (levels)
        {
            isClosed = true;
            Monitor.PulseAll(levels);
        }
    }
}
