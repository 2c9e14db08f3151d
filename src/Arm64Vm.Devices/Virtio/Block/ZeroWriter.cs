namespace Arm64Vm.Devices.Virtio.Block;

/// <summary>Stores zeros byte by byte, where there is nothing better.</summary>
internal static class ZeroWriter
{
    private const int ChunkSize = 64 * 1024;

    public static bool TryWrite(IBlockBackend backend, ulong offset, ulong length)
    {
        var zeros = new byte[(int)Math.Min(length, ChunkSize)];
        while (length > 0)
        {
            var chunk = zeros.AsSpan(0, (int)Math.Min(length, ChunkSize));
            if (!backend.TryWrite(offset, chunk))
                return false;
            offset += (ulong)chunk.Length;
            length -= (ulong)chunk.Length;
        }

        return true;
    }
}
