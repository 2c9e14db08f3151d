using Arm64Vm.Cpu;
using Arm64Vm.Machine.Board;

namespace Arm64Vm.Machine.Running;

/// <summary>What the processors of one machine do about its memory when their runs end in waits: each gives back its own part, and the last what they share.</summary>
/// <param name="memory">The machine's.</param>
/// <param name="processors">How many.</param>
/// <param name="ran">Nanoseconds that one has run so far.</param>
/// <param name="wake">Has one run soon.</param>
/// <param name="gaveBack">Called when all have given back.</param>
internal sealed class IdleDuty(IdleMemory memory, int processors, Func<int, long> ran, Action<int> wake, Action? gaveBack)
{
    private readonly IdleWatch _watch = new(processors);

    /// <summary>A processor runs.</summary>
    public void Runs(int processor) => _watch.Runs(processor);

    /// <summary>A run ended in a wait: gives back what is to be given back, on the worker, before anything else can run the processor.</summary>
    /// <returns>When it is to be run again for another look, at the latest.</returns>
    public ulong Waits(Vcpu vcpu, ulong now)
    {
        var signs = new IdleSigns(ran(vcpu.Index), memory.Made, memory.HasGrown, memory.Period);
        if (!_watch.Waits(vcpu.Index, now, signs, out var lookAgain))
            return lookAgain;
        if (!memory.MayGiveBack)
            return now + signs.Period;
        memory.Add(vcpu.GiveBack(memory.HasGrown));
        _watch.GaveBack(vcpu.Index);
        if (!_watch.IsCompletedByThis())
            return IdleWatch.Never;
        if (!memory.TryFinish())
        {
            _watch.TryAgain(vcpu.Index, now);
            for (var other = 0; other < processors; other++)
            {
                if (other != vcpu.Index)
                    wake(other);
            }

            return now + signs.Period;
        }

        gaveBack?.Invoke();
        return IdleWatch.Never;
    }
}
