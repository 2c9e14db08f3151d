using Arm64Vm.Cpu.Debugging;

namespace Arm64Vm.Machine.Debugging;

/// <summary>What a debugger's session works on: the processors of a machine, their registers, and memory as they see it.</summary>
/// <remarks>Registers, memory and points are there while the target stands; a target that runs refuses. One session at a time uses it.</remarks>
internal interface IDebugTarget
{
    int Processors { get; }

    RegisterLayout Registers { get; }

    /// <summary>The target went on or stopped by itself: false in the argument when it has ended for good. Any thread.</summary>
    event Action<bool>? Changed;

    /// <summary>One line about a processor, for lists of threads.</summary>
    string Describe(int processor);

    /// <summary>Reads a register, by its number in the layout, little-endian.</summary>
    bool TryReadRegister(int processor, int number, Span<byte> value);

    bool TryWriteRegister(int processor, int number, ReadOnlySpan<byte> value);

    /// <summary>Reads memory or device registers, by the processor's current translation or by physical address; the bytes that could be read, from the first on.</summary>
    int ReadMemory(int processor, ulong address, bool isPhysical, Span<byte> destination);

    /// <summary>Writes all the bytes, or returns false.</summary>
    bool TryWriteMemory(int processor, ulong address, bool isPhysical, ReadOnlySpan<byte> source);

    bool TryAddBreakpoint(ulong address);

    bool TryRemoveBreakpoint(ulong address);

    bool TryAddWatchpoint(DebugWatch watch);

    bool TryRemoveWatchpoint(DebugWatch watch);

    /// <summary>Goes on; false where the target does not stand.</summary>
    bool TryResume(Func<int, ResumeAction> action);

    /// <summary>Stops it, wherever it is; completes when it stands.</summary>
    Task InterruptAsync();

    /// <summary>Why it stands; null where it does not, or where that was told already. The stop is then forgotten.</summary>
    /// <param name="preferred">The processor to name where several stopped at once, or none did.</param>
    /// <param name="isAsked">It was interrupted: a stop that was told already is told again.</param>
    TargetStop? TakeStop(int preferred, bool isAsked);

    /// <summary>Forgets all points and lets it run.</summary>
    Task DetachAsync();

    /// <summary>Ends it.</summary>
    void Kill();

    /// <summary>Carries out a command of a person; what it prints.</summary>
    Task<string> ExecuteAsync(int processor, string command);
}

/// <summary>What a processor does when the target goes on.</summary>
internal enum ResumeAction
{
    Continue,
    Step,
    Hold,
}

/// <summary>Why a target stands.</summary>
/// <param name="Processor">Which processor it is about.</param>
/// <param name="Stop">What stopped it; null: somebody asked for it.</param>
internal sealed record TargetStop(int Processor, DebugStop? Stop);
