using ZstdSharp;

namespace Arm64Vm.Devices.Images.Qcow2;

/// <summary>Compresses clusters (zstd; the runtime's deflate has no window as small as the format's zlib wants it).</summary>
/// <param name="clusterSize">Bytes.</param>
internal sealed class ClusterCompressor(int clusterSize) : IDisposable
{
    private readonly Compressor _compressor = new();
    private readonly byte[] _packed = new byte[Compressor.GetCompressBound(clusterSize)];

    /// <summary>Compresses a cluster.</summary>
    /// <returns>Valid until the next call; empty where that makes it no smaller.</returns>
    public ReadOnlySpan<byte> Compress(ReadOnlySpan<byte> cluster)
    {
        var length = _compressor.Wrap(cluster, _packed);
        return length < clusterSize ? _packed.AsSpan(0, length) : default;
    }

    public void Dispose() => _compressor.Dispose();
}
