namespace Arm64Vm.Devices.Virtio.Block;

/// <summary>Keeps the guest's writes in a file without a name, which goes with the process, and leaves the disk below untouched.</summary>
/// <remarks>The file has the disk's offsets and a hole where nothing was written; a bit per block says which of the two has it.</remarks>
internal sealed class OverlayBlockBackend : IBlockBackend, IDisposable
{
    private const int BlockSize = 4096;

    /// <summary>Blocks in one piece of the map: 128 MiB of disk.</summary>
    private const int PieceBlocks = 32 * 1024;

    private readonly Lock _gate = new();
    private readonly IBlockBackend _below;
    private readonly FileBlockBackend _above;
    private readonly ulong[]?[] _map;
    private readonly byte[] _block = new byte[BlockSize];

    /// <param name="below">Is only read.</param>
    /// <param name="folder">Where the writes are kept; null: TMPDIR or /var/tmp, which unlike /tmp is not in memory.</param>
    /// <exception cref="IOException">No file can be made there.</exception>
    /// <exception cref="UnauthorizedAccessException">No file may be made there.</exception>
    public OverlayBlockBackend(IBlockBackend below, string? folder = null)
    {
        _below = below;
        folder ??= Environment.GetEnvironmentVariable("TMPDIR") is { Length: > 0 } chosen ? chosen : "/var/tmp";
        var path = Path.Combine(folder, $"arm64vm-{Guid.NewGuid():n}");
        var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, FileOptions.RandomAccess);
        File.Delete(path);
        _above = new FileBlockBackend(file, below.Size);
        _map = new ulong[]?[(below.Size + (ulong)BlockSize * PieceBlocks - 1) / ((ulong)BlockSize * PieceBlocks)];
    }

    /// <inheritdoc/>
    public ulong Size => _below.Size;

    /// <inheritdoc/>
    public bool IsReadOnly => false;

    /// <inheritdoc/>
    public bool TryRead(ulong offset, Span<byte> destination)
    {
        lock (_gate)
            return TryRead(offset, destination, atOnce: false);
    }

    /// <inheritdoc/>
    public bool TryReadAtOnce(ulong offset, Span<byte> destination)
    {
        // While a call on another thread waits for the host's disk this one would wait too.
        if (!_gate.TryEnter())
            return false;
        try
        {
            return TryRead(offset, destination, atOnce: true);
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <inheritdoc/>
    public bool TryWrite(ulong offset, ReadOnlySpan<byte> source)
    {
        lock (_gate)
        {
            while (source.Length > 0)
            {
                var (block, within) = (offset / BlockSize, (int)(offset % BlockSize));

                // Whole blocks together; a part of one is completed from below.
                var length = within == 0 && source.Length >= BlockSize ? source.Length - source.Length % BlockSize : Math.Min(source.Length, BlockSize - within);
                if (length < BlockSize && !IsAbove(block))
                {
                    if (!TryComplete(block, within, source[..length]))
                        return false;
                }
                else if (!_above.TryWrite(offset, source[..length]))
                {
                    return false;
                }

                Mark(block, (length + BlockSize - 1) / BlockSize);
                offset += (ulong)length;
                source = source[length..];
            }

            return true;
        }
    }

    /// <inheritdoc/>
    /// <remarks>Nothing of it outlives the process.</remarks>
    public bool TryFlush() => true;

    /// <inheritdoc/>
    public void Dispose() => _above.Dispose();

    private bool TryRead(ulong offset, Span<byte> destination, bool atOnce)
    {
        while (destination.Length > 0)
        {
            // As many blocks as are on the same side.
            var isAbove = IsAbove(offset / BlockSize);
            var length = BlockSize - (int)(offset % BlockSize);
            while (length < destination.Length && IsAbove((offset + (ulong)length) / BlockSize) == isAbove)
                length += BlockSize;
            var run = destination[..Math.Min(length, destination.Length)];
            var from = isAbove ? _above : _below;
            if (!(atOnce ? from.TryReadAtOnce(offset, run) : from.TryRead(offset, run)))
                return false;
            offset += (ulong)run.Length;
            destination = destination[run.Length..];
        }

        return true;
    }

    private bool TryComplete(ulong block, int within, ReadOnlySpan<byte> source)
    {
        var start = block * BlockSize;
        var whole = _block.AsSpan(0, (int)Math.Min(BlockSize, _below.Size - start));
        if (!_below.TryRead(start, whole))
            return false;
        source.CopyTo(whole[within..]);
        return _above.TryWrite(start, whole);
    }

    private bool IsAbove(ulong block) =>
        _map[block / PieceBlocks] is { } piece && (piece[block % PieceBlocks / 64] & (1UL << (int)(block % 64))) != 0;

    private void Mark(ulong first, int count)
    {
        for (var block = first; block < first + (ulong)count; block++)
        {
            ref var piece = ref _map[block / PieceBlocks];
            piece ??= new ulong[PieceBlocks / 64];
            piece[block % PieceBlocks / 64] |= 1UL << (int)(block % 64);
        }
    }
}
