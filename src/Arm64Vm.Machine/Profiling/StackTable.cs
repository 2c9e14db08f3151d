using Arm64Vm.Profiling;

namespace Arm64Vm.Machine.Profiling;

/// <summary>Frames and stacks, each once.</summary>
internal sealed class StackTable
{
    private readonly Dictionary<ProfileFrame, int> _frameNumbers = [];
    private readonly Dictionary<(ProfileStack Stack, bool IsGuess), int> _stackNumbers = [];
    private readonly HashSet<int> _guesses = [];

    /// <summary>Their symbols are found at the end.</summary>
    public List<ProfileFrame> Frames { get; } = [];

    public List<ProfileStack> Stacks { get; } = [];

    /// <summary>The node of a frame that <paramref name="caller"/> (−1: nobody) called.</summary>
    /// <param name="caller">The caller's node.</param>
    /// <param name="address">Virtual.</param>
    /// <param name="exceptionLevel">0 or 1.</param>
    /// <param name="process">The process's number, or −1.</param>
    /// <param name="isGuess">It is the caller only where it is in another function than what it calls, which symbols will tell.</param>
    public int Push(int caller, ulong address, byte exceptionLevel, int process, bool isGuess = false)
    {
        var frame = new ProfileFrame(address, exceptionLevel, process, -1);
        if (!_frameNumbers.TryGetValue(frame, out var frameNumber))
        {
            frameNumber = Frames.Count;
            Frames.Add(frame);
            _frameNumbers.Add(frame, frameNumber);
        }

        var stack = new ProfileStack(caller, frameNumber);
        if (!_stackNumbers.TryGetValue((stack, isGuess), out var number))
        {
            number = Stacks.Count;
            Stacks.Add(stack);
            _stackNumbers.Add((stack, isGuess), number);
            if (isGuess)
                _guesses.Add(number);
        }

        return number;
    }

    /// <summary>The stacks once symbols are known, without guesses that were wrong.</summary>
    /// <param name="frames">The frames, with symbols.</param>
    /// <param name="numbers">Gets the new number of each node.</param>
    public List<ProfileStack> Settle(IReadOnlyList<ProfileFrame> frames, out int[] numbers)
    {
        List<ProfileStack> settled = [];
        Dictionary<ProfileStack, int> known = [];
        numbers = new int[Stacks.Count];
        for (var i = 0; i < numbers.Length; i++)
        {
            var (parent, frame) = Stacks[i];
            if (_guesses.Contains(i))
            {
                // What it called decides; by itself it is nothing.
                numbers[i] = -1;
                continue;
            }

            var caller = parent < 0 ? -1 : numbers[parent];
            if (parent >= 0 && _guesses.Contains(parent))
            {
                var (outer, guess) = Stacks[parent];
                caller = outer < 0 ? -1 : numbers[outer];
                if (frames[guess].Symbol >= 0 && frames[guess].Symbol != frames[frame].Symbol)
                    caller = NumberOf(new ProfileStack(caller, guess));
            }

            numbers[i] = NumberOf(new ProfileStack(caller, frame));
        }

        return settled;

        int NumberOf(ProfileStack stack)
        {
            if (!known.TryGetValue(stack, out var number))
            {
                number = settled.Count;
                settled.Add(stack);
                known.Add(stack, number);
            }

            return number;
        }
    }
}
