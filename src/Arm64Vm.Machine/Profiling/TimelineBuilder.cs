using Arm64Vm.Profiling;

namespace Arm64Vm.Machine.Profiling;

/// <summary>The time line while it grows: a bounded number of slices, which become twice as long when there are too many.</summary>
internal sealed class TimelineBuilder
{
    private const int Most = 1024;

    private readonly List<ProfileSlice> _slices = [];
    private int _shortest = 1;
    private int _inLast;

    public List<ProfileSlice> Slices => _slices;

    /// <summary>Adds a slice behind the last one, or to it while that is short.</summary>
    public void Add(ProfileSlice slice)
    {
        if (_inLast > 0 && _inLast < _shortest)
        {
            _slices[^1] = Join(_slices[^1], slice);
            _inLast++;
            return;
        }

        if (_slices.Count == Most)
        {
            for (var i = 0; i < Most / 2; i++)
                _slices[i] = Join(_slices[2 * i], _slices[2 * i + 1]);
            _slices.RemoveRange(Most / 2, Most / 2);
            _shortest *= 2;
        }

        _slices.Add(slice);
        _inLast = 1;
    }

    private static ProfileSlice Join(ProfileSlice first, ProfileSlice second) => second with
    {
        Start = first.Start,
        Length = first.Length + second.Length,
        Places = Sum(first.Places, second.Places),
        Translated = first.Translated + second.Translated,
        Removed = first.Removed + second.Removed,
        Exits = first.Exits + second.Exits,
        TierSamples = Sum(first.TierSamples, second.TierSamples),
    };

    private static long[] Sum(long[] a, long[] b) => [.. a.Zip(b, (x, y) => x + y)];
}
