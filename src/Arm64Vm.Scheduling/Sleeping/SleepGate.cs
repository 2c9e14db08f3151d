namespace Arm64Vm.Scheduling;

/// <summary>Sleeping of one thread without a lost call.</summary>
/// <remarks>
/// sleeper: (S1) moves the word from Awake to Dozing, a full fence; (S2) looks once more for work; (S3) sleeps while the word is Dozing, unless it
/// found some; (S4) moves the word to Awake.
/// caller: (C1) publishes work; (C2) full fence; (C3) if the word is Dozing, moves it to Called by compare-and-swap and wakes the sleeper.
/// Either C3 comes after S1 and sees Dozing: the sleeper is woken, or does not fall asleep because the word is no longer Dozing.
/// Or C3 comes before S1 and sees Awake: then C1 comes before S2, which finds the work. The fences S1 and C2 forbid the remaining case, in which both
/// load the old value because both stores are still in store buffers.
/// Of several callers one succeeds and makes the system call; the others see Called and return. While nobody dozes, a call is one load.
/// </remarks>
/// <typeparam name="TPoints">Where systematic tests interleave.</typeparam>
internal sealed class SleepGate<TPoints>(Sleeper sleeper)
    where TPoints : struct, IInterleavingPoints
{
    private const int Awake = 0;
    private const int Dozing = 1;
    private const int Called = 2;

    private int _word;

    /// <summary>True from <see cref="Doze"/> to the first call or the end of the sleep.</summary>
    public bool IsDozing => Volatile.Read(ref _word) == Dozing;

    /// <summary>S1. The owner only; it then looks for work, and calls <see cref="Sleep"/> or <see cref="Rise"/>.</summary>
    public void Doze()
    {
        TPoints.Reach();
        Interlocked.Exchange(ref _word, Dozing);
        TPoints.Reach();
    }

    /// <summary>S3 and S4.</summary>
    public void Sleep(ulong nanoseconds)
    {
        if (Volatile.Read(ref _word) == Dozing)
            sleeper.Sleep(ref _word, Dozing, nanoseconds);
        Rise();
    }

    /// <summary>S4: no sleep after all.</summary>
    public void Rise()
    {
        TPoints.Reach();
        Interlocked.Exchange(ref _word, Awake);
    }

    /// <summary>C2 and C3. True: this call ended the doze.</summary>
    public bool Call()
    {
        Interlocked.MemoryBarrier();
        TPoints.Reach();
        if (Volatile.Read(ref _word) != Dozing)
            return false;
        TPoints.Reach();
        if (Interlocked.CompareExchange(ref _word, Called, Dozing) != Dozing)
            return false;
        TPoints.Reach();
        sleeper.Wake(ref _word);
        return true;
    }
}
