namespace Arm64Vm.Cpu;

/// <summary>The interrupt controller as a processor sees it: what is pending is looked at on the processor's own thread.</summary>
/// <remarks>
/// Code that changes something that concerns a processor, on any thread, stores the change and then calls <see cref="Vcpu.InterruptsChanged"/>. That sets a
/// bit of the poll word; the processor sees it, calls <see cref="Drive"/>, and has its inputs as of now.
/// </remarks>
internal interface IInterruptSource
{
    /// <summary>Chooses the processor's best pending interrupt and drives its inputs. Only on the thread that runs it.</summary>
    void Drive(int processor);
}

/// <summary>The timers of processors: their state belongs to the threads that run them, an alarm only tells them to look.</summary>
internal interface IProcessorTimers
{
    /// <summary>Drives the outputs of the processor's timers for the time now, and sets the alarm for the next change. Only on the thread that runs it.</summary>
    void Update(int processor);

    /// <summary>
    /// The processor goes to sleep: no alarm, since its scheduler wakes it at the time that is returned, which is when an output rises by itself; null: none
    /// will. <see cref="Update"/> follows when it runs again.
    /// </summary>
    ulong? Rest(int processor);
}
