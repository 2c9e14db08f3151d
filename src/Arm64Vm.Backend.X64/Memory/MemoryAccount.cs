namespace Arm64Vm.Backend.X64.Memory;

/// <summary>Counts the bytes of host memory that one machine has reserved outside the managed heap. Thread-safe.</summary>
internal sealed class MemoryAccount
{
    private long _bytes;

    public long Bytes => Interlocked.Read(ref _bytes);

    internal void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);
}
