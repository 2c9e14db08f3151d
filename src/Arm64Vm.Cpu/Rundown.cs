namespace Arm64Vm.Cpu;

/// <summary>Lets calls from other threads end before what they use is freed, without a lock: a call between <see cref="TryEnter"/> and <see cref="Exit"/> keeps it.</summary>
/// <remarks>Bit 31 says closed, the rest counts calls. Any number of threads enter; one closes.</remarks>
internal struct Rundown
{
    private const int Closed = int.MinValue;
    private int _calls;

    /// <summary>False: closed; there is nothing left to use.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _calls) > 0)
            return true;
        Interlocked.Decrement(ref _calls);
        return false;
    }

    public void Exit() => Interlocked.Decrement(ref _calls);

    /// <summary>Lets nobody in any more and waits for those inside, who are there for a few instructions. False where it was closed already.</summary>
    public bool Close()
    {
        if ((Interlocked.Or(ref _calls, Closed) & Closed) != 0)
            return false;
        SpinWait wait = default;
        while (Volatile.Read(ref _calls) != Closed)
            wait.SpinOnce();
        return true;
    }
}
