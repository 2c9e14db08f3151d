namespace Arm64Vm.Backend.X64.Emit;

// Code in two parts, of which the second can be moved apart from the first once it is complete.
internal sealed unsafe partial class X64Emitter
{
    private int _coldStart;
    private int[] _crossings = new int[64];
    private int _crossingCount;

    /// <summary>Offsets of the distances in code of either part that lead to a label in the other, all of four bytes.</summary>
    public ReadOnlySpan<int> Crossings => _crossings.AsSpan(0, _crossingCount);

    /// <summary>The second part begins with the next instruction.</summary>
    public void BeginCold() => _coldStart = Position;

    private void ResetCold()
    {
        _coldStart = int.MaxValue;
        _crossingCount = 0;
    }

    /// <summary>A field refers to a label, perhaps of the other part.</summary>
    private void NoteCrossing(int field, int label)
    {
        if ((field < _coldStart) == (label < _coldStart))
            return;
        if (_crossingCount == _crossings.Length)
            Array.Resize(ref _crossings, _crossingCount * 2);
        _crossings[_crossingCount++] = field;
    }
}
