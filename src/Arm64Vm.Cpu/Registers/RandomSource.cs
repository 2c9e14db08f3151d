using System.Runtime.InteropServices;
using Arm64Vm.Isa;

namespace Arm64Vm.Cpu.Registers;

/// <summary>What RNDR returns: the host kernel's generator, or a reproducible sequence for deterministic runs.</summary>
/// <remarks>Not the runtime's generator: it would load a cryptography library, which takes as long as thousands of these.</remarks>
internal sealed partial class RandomSource(ulong? seed)
{
    /// <summary>getrandom(2) always gives so many bytes at once.</summary>
    private const int BatchBytes = 256;

    private SplitMix64 _random = new(seed.GetValueOrDefault());
    private ulong[] _batch = [];
    private int _left;

    public ulong Next()
    {
        if (seed != null)
            return _random.Next();
        if (_left == 0)
            Refill();
        ulong value = _batch[--_left];
        _batch[_left] = 0; // what a guest has seen is not kept
        return value;
    }

    private void Refill()
    {
        if (_batch.Length == 0)
            _batch = new ulong[BatchBytes / sizeof(ulong)];
        Span<byte> bytes = MemoryMarshal.AsBytes(_batch.AsSpan());
        nint got;
        do
        {
            got = GetRandom(bytes, (nuint)bytes.Length, 0);
        }
        while (got < 0 && Marshal.GetLastPInvokeError() == Interrupted);

        if (got != bytes.Length)
            throw new InvalidOperationException("The host gives no random numbers: getrandom(2) failed.");
        _left = _batch.Length;
    }

    private const int Interrupted = 4; // EINTR, before the generator is seeded

    [LibraryImport("libc", EntryPoint = "getrandom", SetLastError = true)]
    private static partial nint GetRandom(Span<byte> bytes, nuint count, uint flags);

    /// <summary>Position in the reproducible sequence.</summary>
    public ulong Position
    {
        get => _random.Position;
        set => _random.Position = value;
    }
}
