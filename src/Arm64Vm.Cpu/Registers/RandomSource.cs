using System.Runtime.InteropServices;
using Arm64Vm.Isa;

namespace Arm64Vm.Cpu.Registers;

/// <summary>What RNDR returns: the host's numbers, or a reproducible sequence for deterministic runs.</summary>
internal sealed class RandomSource(ulong? seed)
{
    private const int BatchSize = 32;

    private SplitMix64 _random = new(seed.GetValueOrDefault());
    private ulong[] _batch = [];
    private int _left;

    /// <summary>Position in the reproducible sequence.</summary>
    public ulong Position
    {
        get => _random.Position;
        set => _random.Position = value;
    }

    public ulong Next()
    {
        if (seed != null)
            return _random.Next();
        if (_left == 0)
        {
            if (_batch.Length == 0)
                _batch = new ulong[BatchSize];
            HostRandom.Fill(MemoryMarshal.AsBytes(_batch.AsSpan()));
            _left = BatchSize;
        }

        ulong value = _batch[--_left];
        _batch[_left] = 0; // what a guest has seen is not kept
        return value;
    }
}
