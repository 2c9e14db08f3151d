using System.Security.Cryptography;
using Arm64Vm.Isa;

namespace Arm64Vm.Cpu.Registers;

/// <summary>What RNDR returns: the host's generator, or a reproducible sequence for deterministic runs.</summary>
internal sealed class RandomSource(ulong? seed)
{
    private SplitMix64 _random = new(seed.GetValueOrDefault());

    public ulong Next()
    {
        if (seed == null)
        {
            Span<byte> bytes = stackalloc byte[8];
            RandomNumberGenerator.Fill(bytes);
            return BitConverter.ToUInt64(bytes);
        }

        return _random.Next();
    }

    /// <summary>Position in the reproducible sequence.</summary>
    public ulong Position
    {
        get => _random.Position;
        set => _random.Position = value;
    }
}
