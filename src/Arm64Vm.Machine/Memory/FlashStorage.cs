using System.Buffers;
using Arm64Vm.Cpu.Memory;

namespace Arm64Vm.Machine.Memory;

/// <summary>The bytes of a flash bank, which outlive resets of the machine. They start as zeros, as with QEMU, and take host memory as they are touched.</summary>
internal sealed class FlashStorage : IDisposable
{
    private const int PageSize = 4096;
    private const int Chunk = 64 * 1024;

    private readonly GuestRam _bytes;

    /// <summary>Nothing has been written yet.</summary>
    private bool _isFresh = true;

    /// <param name="region">Where the bank is.</param>
    /// <exception cref="OutOfMemoryException">The host refuses the reservation.</exception>
    public FlashStorage(Region region)
    {
        Region = region;
        _bytes = new GuestRam(region.Base, region.Size);
        Contents = new StorageManager(_bytes).Memory;
    }

    public Region Region { get; }

    public Memory<byte> Contents { get; }

    internal unsafe byte* Host => _bytes.Host;

    /// <summary>Puts an image at the start of the bank.</summary>
    /// <exception cref="BootImageException">It does not fit.</exception>
    public void Load(ReadOnlySpan<byte> image)
    {
        if (image.Length > Contents.Length)
            throw new BootImageException($"The flash image has {image.Length} bytes, but the bank holds {Contents.Length}.");
        Load(0, image);
        _isFresh = false;
    }

    /// <summary>Puts an image there piece by piece; returns its bytes.</summary>
    /// <param name="read">Reads some bytes from an offset on; 0 at the end.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public int Load(Func<long, Memory<byte>, int> read)
    {
        var chunk = new byte[Chunk];
        var offset = 0;
        while (offset < Contents.Length)
        {
            var count = read(offset, chunk.AsMemory(0, Math.Min(chunk.Length, Contents.Length - offset)));
            if (count == 0)
                break;
            Load(offset, chunk.AsSpan(0, count));
            offset += count;
        }

        _isFresh = false;
        return offset;
    }

    /// <summary>Pages that are already as they should be stay untouched, so that the host need not provide them: images are mostly padding with zeros.</summary>
    private void Load(int offset, ReadOnlySpan<byte> bytes)
    {
        for (var done = 0; done < bytes.Length; done += PageSize)
        {
            var page = bytes.Slice(done, Math.Min(PageSize, bytes.Length - done));
            var place = Contents.Span.Slice(offset + done, page.Length);
            if (_isFresh ? page.ContainsAnyExcept((byte)0) : !page.SequenceEqual(place))
                _bytes.Write((ulong)(offset + done), page);
        }
    }

    /// <summary>Frees the contents; no processor may use them any more.</summary>
    public void Dispose() => _bytes.Dispose();

    /// <summary>Host memory as <see cref="Memory{T}"/>. It never moves, so there is nothing to pin.</summary>
    private sealed unsafe class StorageManager(GuestRam storage) : MemoryManager<byte>
    {
        // SAFETY: a bank has at most 64 MiB, and its device is used only while the bank exists.
        public override Span<byte> GetSpan() => new(storage.Host, checked((int)storage.Size));

        // SAFETY: as above.
        public override MemoryHandle Pin(int elementIndex = 0) => new(storage.Host + elementIndex);

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
