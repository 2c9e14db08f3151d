using Arm64Vm.Scheduling;

namespace Arm64Vm.Machine;

/// <summary>What a machine uses, at one moment.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State">What it is doing.</param>
/// <param name="Weight">What it gets of contended host processors, in proportion to the weights of the others.</param>
/// <param name="Cap">The most it gets, in thousandths of one host processor; 0: no limit.</param>
/// <param name="RunTime">Host time for which its processors have run.</param>
/// <param name="Processors">Each of its processors.</param>
public sealed record MachineUsage(string Name, RunState State, int Weight, int Cap, TimeSpan RunTime, IReadOnlyList<ProcessorUsage> Processors)
{
    /// <summary>Of the code translator; null with the interpreter, and while there is no board.</summary>
    internal TranslationStatistics? Translation { get; init; }

    /// <summary>Bytes of the host's memory that it has given back, being idle, since the last reset.</summary>
    internal long IdleBytesReleased { get; init; }

    /// <summary>Null without the x64 back end.</summary>
    internal CacheUsage? Cache { get; init; }
}

/// <summary>What a translation cache holds.</summary>
/// <param name="Units">Units that can be reached.</param>
/// <param name="Bytes">Bytes of their code.</param>
/// <param name="Capacity">Bytes of code and tables that it may hold, as of now.</param>
/// <param name="TableBytes">Bytes of the tables by which code is found, linked and dropped.</param>
internal readonly record struct CacheUsage(long Units, long Bytes, long Capacity, long TableBytes);

/// <summary>What one virtual processor uses and does.</summary>
/// <param name="Index">Its index.</param>
/// <param name="RunTime">Host time for which it has run since its machine was started or resumed.</param>
/// <param name="Exits">Returns from guest code, by reason, since the last reset.</param>
public sealed record ProcessorUsage(int Index, TimeSpan RunTime, IReadOnlyList<(string Reason, ulong Count)> Exits)
{
    /// <summary>Where it is in the scheduler, and what that counted; null while its machine stands.</summary>
    internal EntityStatistics? Schedule { get; init; }
}
