using System.Buffers.Binary;

namespace Arm64Vm.Devices.Virtio.Block;

/// <summary>Reads requests and does them (virtio 1.2, 5.2.6). Holds no state of a request, so two threads may each do one with a buffer of its own.</summary>
/// <param name="backend">The disk.</param>
/// <param name="identifier">20 bytes.</param>
internal sealed class BlockRequests(IBlockBackend backend, byte[] identifier)
{
    public const ulong SectorSize = 512;

    /// <summary>Ranges that one discard or write-zeroes request may have.</summary>
    public const int MaximumRanges = 64;

    /// <summary>Sectors of one range: 1 GiB.</summary>
    public const uint MaximumRangeSectors = 1 << 21;

    private const uint TypeRead = 0;
    private const uint TypeWrite = 1;
    private const uint TypeFlush = 4;
    private const uint TypeIdentify = 8;
    private const uint TypeDiscard = 11;
    private const uint TypeWriteZeroes = 13;

    private const byte StatusDone = 0;
    private const byte StatusError = 1;
    private const byte StatusUnsupported = 2;

    private const int HeaderSize = 16;
    private const int RangeSize = 16;
    private const uint RangeUnmap = 1;

    /// <summary>Far more than drivers ask for at once; it keeps one request from occupying the host.</summary>
    private const ulong MaximumTransfer = 256 << 20;

    private readonly ulong _sectors = backend.Size / SectorSize;

    /// <summary>Does a request.</summary>
    /// <param name="chain">The request, with at least one byte to write.</param>
    /// <param name="buffer">The thread's own.</param>
    /// <param name="written">Bytes of data given to the chain.</param>
    /// <returns>The status, still to be stored in the last writable byte.</returns>
    public byte Serve(DescriptorChain chain, BlockBuffer buffer, out uint written)
    {
        written = 0;
        if (!TryReadHeader(chain, buffer, out var type, out var sector))
            return StatusError;
        var room = chain.WritableLength - 1;
        switch (type)
        {
            case TypeRead:
                written = (uint)Math.Min(room, uint.MaxValue - 1);
                return Read(chain, buffer, sector, room);
            case TypeWrite:
                return Write(chain, buffer, sector, chain.ReadableLength - HeaderSize);
            case TypeFlush:
                return backend.TryFlush() ? StatusDone : StatusError;
            case TypeIdentify:
                written = (uint)Math.Min(room, (ulong)identifier.Length);
                identifier.CopyTo(buffer.Bytes, 0);
                return buffer.TryGive(chain, 0, (int)written) ? StatusDone : StatusError;
            case TypeDiscard or TypeWriteZeroes:
                return Clear(chain, buffer, type == TypeDiscard);
            default:
                return StatusUnsupported;
        }
    }

    /// <summary>Does a read of what the host has in memory; false: nothing was done.</summary>
    public bool TryServeAtOnce(DescriptorChain chain, BlockBuffer buffer, out byte status, out uint written)
    {
        status = StatusDone;
        written = 0;
        var room = chain.WritableLength - 1;
        if (room > BlockBuffer.Size || !TryReadHeader(chain, buffer, out var type, out var sector) || type != TypeRead || !IsInside(sector, room)
            || !backend.TryReadAtOnce(sector * SectorSize, buffer.Bytes.AsSpan(0, (int)room)))
            return false;
        written = (uint)room;
        if (!buffer.TryGive(chain, 0, (int)room))
            status = StatusError;
        return true;
    }

    private static bool TryReadHeader(DescriptorChain chain, BlockBuffer buffer, out uint type, out ulong sector)
    {
        (type, sector) = (0, 0);
        if (!buffer.TryTake(chain, 0, HeaderSize))
            return false;
        type = BinaryPrimitives.ReadUInt32LittleEndian(buffer.Bytes);
        sector = BinaryPrimitives.ReadUInt64LittleEndian(buffer.Bytes.AsSpan(8));
        return true;
    }

    private bool IsInside(ulong sector, ulong length) =>
        length <= MaximumTransfer && length % SectorSize == 0 && sector <= _sectors && length / SectorSize <= _sectors - sector;

    private byte Read(DescriptorChain chain, BlockBuffer buffer, ulong sector, ulong length)
    {
        if (!IsInside(sector, length))
            return StatusError;
        for (ulong done = 0; done < length;)
        {
            var chunk = (int)Math.Min(BlockBuffer.Size, length - done);
            if (!backend.TryRead(sector * SectorSize + done, buffer.Bytes.AsSpan(0, chunk)) || !buffer.TryGive(chain, done, chunk))
                return StatusError;
            done += (ulong)chunk;
        }

        return StatusDone;
    }

    private byte Write(DescriptorChain chain, BlockBuffer buffer, ulong sector, ulong length)
    {
        if (backend.IsReadOnly || !IsInside(sector, length))
            return StatusError;
        for (ulong done = 0; done < length;)
        {
            var chunk = (int)Math.Min(BlockBuffer.Size, length - done);
            if (!buffer.TryTake(chain, HeaderSize + done, chunk) || !backend.TryWrite(sector * SectorSize + done, buffer.Bytes.AsSpan(0, chunk)))
                return StatusError;
            done += (ulong)chunk;
        }

        return StatusDone;
    }

    /// <summary>Discard and write zeroes: ranges of sectors, all checked before the first is touched.</summary>
    private byte Clear(DescriptorChain chain, BlockBuffer buffer, bool isDiscard)
    {
        var length = chain.ReadableLength - HeaderSize;
        if (backend.IsReadOnly || length == 0 || length % RangeSize != 0 || length > MaximumRanges * RangeSize)
            return StatusError;
        if (!buffer.TryTake(chain, HeaderSize, (int)length))
            return StatusError;
        var ranges = buffer.Bytes.AsSpan(0, (int)length);
        for (var rest = ranges; !rest.IsEmpty; rest = rest[RangeSize..])
        {
            var (sector, count, flags) = RangeAt(rest);

            // Discard knows no flag, write zeroes knows one (5.2.6.2).
            if ((flags & ~(isDiscard ? 0 : RangeUnmap)) != 0)
                return StatusUnsupported;
            if (count > MaximumRangeSectors || sector > _sectors || count > _sectors - sector)
                return StatusError;
        }

        for (; !ranges.IsEmpty; ranges = ranges[RangeSize..])
        {
            var (sector, count, flags) = RangeAt(ranges);
            var (offset, bytes) = (sector * SectorSize, count * SectorSize);
            if (!(isDiscard ? backend.TryDiscard(offset, bytes) : backend.TryWriteZeroes(offset, bytes, (flags & RangeUnmap) != 0)))
                return StatusError;
        }

        return StatusDone;
    }

    private static (ulong Sector, uint Count, uint Flags) RangeAt(ReadOnlySpan<byte> bytes) =>
        (BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]));
}
