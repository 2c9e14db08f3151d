using Arm64Vm.Devices.Virtio.Block;

namespace Arm64Vm.Devices.Tests.Virtio.Block;

/// <summary>A disk in memory that can be made to fail, or to wait.</summary>
internal sealed class MemoryBackend(int size) : IBlockBackend
{
    public byte[] Bytes { get; } = new byte[size];

    public int Flushes { get; private set; }

    public List<(ulong Offset, ulong Length)> Discards { get; } = [];

    public bool Fails { get; set; }

    /// <summary>What <see cref="TryReadAtOnce"/> is allowed.</summary>
    public bool IsCached { get; set; }

    /// <summary>Not null: calls wait for it.</summary>
    public ManualResetEventSlim? Gate { get; set; }

    /// <summary>What was called, in order.</summary>
    public List<string> Calls { get; } = [];

    public ulong Size => (ulong)Bytes.Length;

    public bool IsReadOnly { get; set; }

    public bool TryRead(ulong offset, Span<byte> destination)
    {
        Enter("read", offset);
        Bytes.AsSpan((int)offset, destination.Length).CopyTo(destination);
        return !Fails;
    }

    public bool TryReadAtOnce(ulong offset, Span<byte> destination)
    {
        if (!IsCached || Fails)
            return false;
        Bytes.AsSpan((int)offset, destination.Length).CopyTo(destination);
        return true;
    }

    public bool TryWrite(ulong offset, ReadOnlySpan<byte> source)
    {
        Enter("write", offset);
        source.CopyTo(Bytes.AsSpan((int)offset));
        return !Fails;
    }

    public bool TryFlush()
    {
        Enter("flush", 0);
        Flushes++;
        return !Fails;
    }

    public bool TryDiscard(ulong offset, ulong length)
    {
        Discards.Add((offset, length));
        return !Fails;
    }

    private void Enter(string name, ulong offset)
    {
        Gate?.Wait();
        lock (Calls)
            Calls.Add($"{name} {offset / 512}");
    }
}
