using System.Buffers.Binary;

namespace Arm64Vm.Machine.Board;

/// <summary>Randomness for the device tree: the host's, or a reproducible sequence.</summary>
internal readonly struct BootSeeds
{
    private const int RngSeedBytes = 32;

    public BootSeeds(ulong? seed)
    {
        var bytes = new byte[sizeof(ulong) + RngSeedBytes];
        if (seed is { } state)
        {
            // splitmix64
            for (var at = 0; at < bytes.Length; at += 8)
            {
                state += 0x9E37_79B9_7F4A_7C15;
                var z = (state ^ (state >> 30)) * 0xBF58_476D_1CE4_E5B9;
                z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), z ^ (z >> 31));
            }
        }
        else
        {
            // The kernel's generator directly: the runtime's one would load a cryptography library at every start.
            using var source = File.OpenHandle("/dev/urandom");
            RandomAccess.Read(source, bytes, 0);
        }

        Kaslr = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        Rng = bytes.AsMemory(sizeof(ulong));
    }

    public ulong Kaslr { get; }

    public ReadOnlyMemory<byte> Rng { get; }
}
