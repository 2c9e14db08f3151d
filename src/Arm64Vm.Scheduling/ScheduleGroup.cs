namespace Arm64Vm.Scheduling;

/// <summary>Entities that share one weight and one cap, such as the processors of a virtual machine. Any thread may change them at any moment.</summary>
internal sealed class ScheduleGroup
{
    /// <summary>The weight of a group for which none was chosen.</summary>
    public const int DefaultWeight = 100;

    /// <summary>The largest weight.</summary>
    public const int MaximumWeight = 10_000;

    private int _weight = DefaultWeight;
    private int _cap;
    private long _runTime;
    private int _runnable;

    internal ScheduleGroup(string name, long credit)
    {
        Name = name;
        Credit = credit;
    }

    /// <summary>For messages.</summary>
    public string Name { get; }

    /// <summary>What the group gets of contended workers, in proportion to the weights of the others that want to run.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not from 1 to <see cref="MaximumWeight"/>.</exception>
    public int Weight
    {
        get => Volatile.Read(ref _weight);
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaximumWeight);
            Volatile.Write(ref _weight, value);
        }
    }

    /// <summary>The most that it gets, in thousandths of one host processor, also when workers are idle; 0: no limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public int Cap
    {
        get => Volatile.Read(ref _cap);
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            Volatile.Write(ref _cap, value);
        }
    }

    /// <summary>Time for which its entities have run, added up.</summary>
    public TimeSpan RunTime => new(Volatile.Read(ref _runTime) / TimeSpan.NanosecondsPerTick);

    /// <summary>Nanoseconds for which it may run before others that have credit go first; what it runs is taken off. Interlocked.</summary>
    internal long Credit;

    /// <summary>When what it has run is paid for at the rate of the cap. See <see cref="CapMeter"/>.</summary>
    internal ulong PaidUntil;

    /// <summary>The accountant's: cores that it is entitled to.</summary>
    internal double Entitled;

    /// <summary>The accountant's: cores that it could use.</summary>
    internal double Demand;

    /// <summary>Entities that run or want to.</summary>
    internal int Runnable => Volatile.Read(ref _runnable);

    /// <summary>Lets a capped group run at once: its machine is to stop and need not wait until it has paid.</summary>
    public void ForgiveDebt() => Volatile.Write(ref PaidUntil, 0);

    internal bool HasCredit => Volatile.Read(ref Credit) > 0;

    internal void BecomesRunnable() => Interlocked.Increment(ref _runnable);

    internal void NoLongerRunnable() => Interlocked.Decrement(ref _runnable);

    internal void Charge(ulong ran)
    {
        Interlocked.Add(ref _runTime, (long)ran);
        Interlocked.Add(ref Credit, -(long)ran);
    }
}
