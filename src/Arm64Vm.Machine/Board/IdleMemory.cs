using Arm64Vm.Machine.Running;
using Arm64Vm.Translation.Jit;

namespace Arm64Vm.Machine.Board;

/// <summary>Memory of a board that an idle machine gives back to the host, and how much it has given.</summary>
/// <param name="translations">Null: it has none.</param>
internal sealed class IdleMemory(TranslationCache? translations)
{
    /// <summary>So often the period doubles: from five seconds to 21 minutes.</summary>
    private const int MostDoublings = 8;

    private const long PortionOfCode = 1 << 20;

    private long _times;
    private long _bytes;

    /// <summary>Times that all processors had been idle and gave back what they had.</summary>
    public long Times => Volatile.Read(ref _times);

    /// <summary>Bytes given back so far.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>
    /// Nanoseconds for which all processors must have been idle: five seconds for each MiB of code, of which making it anew takes half a percent or so. What is wanted again
    /// after some idle seconds, such as the code that answers a request now and then, is not to be made anew each time: the next period is twice as long.
    /// </summary>
    public ulong Period => Math.Min((IdleWatch.FirstPeriod * (ulong)Portions) << (int)Math.Min(Times, MostDoublings), IdleWatch.FirstPeriod << MostDoublings);

    private long Portions => translations is null ? 1 : 1 + (translations.GrownBytes / PortionOfCode);

    /// <summary>A recording shows the machine as it is: nothing is given back meanwhile.</summary>
    public bool MayGiveBack => translations?.Registry is null;

    /// <summary>Translation units made so far.</summary>
    public long Made => translations?.Statistics.Units ?? 0;

    /// <summary>There is code that is worth giving back.</summary>
    public bool HasGrown => translations is { HasGrown: true };

    /// <summary>One processor has given back its part.</summary>
    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);

    /// <summary>All processors have given back their parts: what they share goes. False: one of them has begun to work again.</summary>
    public bool TryFinish()
    {
        if (translations is not null && translations.HasGrown)
        {
            if (!translations.TryGiveBack(out var bytes))
                return false;
            Add(bytes);
        }

        Interlocked.Increment(ref _times);
        return true;
    }
}
