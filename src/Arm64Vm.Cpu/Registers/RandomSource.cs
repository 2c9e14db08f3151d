using System.Security.Cryptography;

namespace Arm64Vm.Cpu.Registers;

/// <summary>What RNDR returns: the host's generator, or a reproducible sequence (splitmix64) for deterministic runs.</summary>
internal sealed class RandomSource(ulong? seed)
{
    private ulong _state = seed.GetValueOrDefault();

    public ulong Next()
    {
        if (seed == null)
        {
            Span<byte> bytes = stackalloc byte[8];
            RandomNumberGenerator.Fill(bytes);
            return BitConverter.ToUInt64(bytes);
        }

        _state += 0x9E37_79B9_7F4A_7C15;
        ulong z = (_state ^ (_state >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }

    /// <summary>Position in the reproducible sequence.</summary>
    public ulong Position
    {
        get => _state;
        set => _state = value;
    }
}
