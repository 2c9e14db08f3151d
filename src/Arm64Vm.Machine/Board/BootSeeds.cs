using System.Buffers.Binary;
using Arm64Vm.Cpu.Registers;
using Arm64Vm.Isa;

namespace Arm64Vm.Machine.Board;

/// <summary>Randomness for the device tree: the host's, or a reproducible sequence.</summary>
internal readonly struct BootSeeds
{
    private const int RngSeedBytes = 32;

    public BootSeeds(ulong? seed)
    {
        var bytes = new byte[sizeof(ulong) + RngSeedBytes];
        if (seed is { } start)
        {
            var random = new SplitMix64(start);
            for (var at = 0; at < bytes.Length; at += sizeof(ulong))
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), random.Next());
        }
        else
        {
            HostRandom.Fill(bytes);
        }

        Kaslr = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        Rng = bytes.AsMemory(sizeof(ulong));
    }

    public ulong Kaslr { get; }

    public ReadOnlyMemory<byte> Rng { get; }
}
