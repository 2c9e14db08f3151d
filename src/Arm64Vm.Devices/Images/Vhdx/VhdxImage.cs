using System.Collections;
using static Arm64Vm.Devices.Images.Vhdx.VhdxFormat;

namespace Arm64Vm.Devices.Images.Vhdx;

/// <summary>A VHDX image, fixed or dynamic: blocks that its block allocation table finds.</summary>
internal sealed class VhdxImage : ReadOnlyImage
{
    /// <summary>Bytes of the table that are kept.</summary>
    private const int PageSize = 1 << 16;

    private const int EntrySize = 8;
    private const int StateMask = 7;

    private readonly ImageFile _file;
    private readonly VhdxLayout _layout;
    private readonly byte[] _page = new byte[PageSize];
    private long _pageOffset = -1;

    /// <param name="file">Owned from now on, if this does not throw.</param>
    /// <exception cref="ImageFormatException">It is damaged, or uses what is not supported; says what.</exception>
    public VhdxImage(ImageFile file)
    {
        _file = file;
        _layout = VhdxLayout.Read(file);
        CheckBlocks();
    }

    /// <summary>[MS-VHDX] 2.5.1.1, states of a block; the others are of differencing images.</summary>
    private enum BlockState
    {
        NotPresent = 0,
        Undefined = 1,
        Zero = 2,
        Unmapped = 3,
        FullyPresent = 6,
    }

    public override string Format => "vhdx";

    public override string Layout => _layout.IsFixed ? "fixed" : "dynamic";

    public override ulong BlockSize => (ulong)_layout.BlockSize;

    public override IReadOnlyList<string> Files => [_file.Path];

    public override ulong Size => _layout.Size;

    protected override bool HasData(ulong offset, out ulong length)
    {
        length = BlockSize - (offset % BlockSize);
        return TryFind(offset / BlockSize, out _);
    }

    protected override void Read(ulong offset, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            var within = offset % BlockSize;
            var part = destination[..(int)Math.Min((ulong)destination.Length, BlockSize - within)];
            if (TryFind(offset / BlockSize, out var block))
                _file.Read((long)(block + within), part);
            else
                part.Clear();
            offset += (ulong)part.Length;
            destination = destination[part.Length..];
        }
    }

    protected override void Dispose(bool disposing) => _file.Dispose();

    /// <summary>Where a block is in the file; false: it is zeros.</summary>
    private bool TryFind(ulong block, out ulong offset)
    {
        var at = (long)(_layout.Bat.Offset + ((block + (block / _layout.ChunkRatio)) * EntrySize));
        var page = at / PageSize * PageSize;
        if (page != _pageOffset)
        {
            _pageOffset = -1;
            _file.Read(page, _page);
            _pageOffset = page;
        }

        var entry = Read64(_page, (int)(at - page));
        offset = entry / Unit * Unit;
        return (BlockState)(entry & StateMask) switch
        {
            BlockState.FullyPresent => true,
            BlockState.NotPresent or BlockState.Undefined or BlockState.Zero or BlockState.Unmapped => false,
            _ => throw Damaged(_file.Path, $"block {block} is in state {entry & StateMask}"),
        };
    }

    /// <summary>Every block that is present lies within the file, on nothing else. What this takes is a bit for each megabyte of the file.</summary>
    private void CheckBlocks()
    {
        var last = _layout.Blocks - 1;
        if ((last + (last / _layout.ChunkRatio) + 1) * EntrySize > _layout.Bat.Length)
            throw Damaged(_file.Path, $"a block allocation table of {_layout.Bat.Length} bytes for {_layout.Blocks} blocks");
        var units = (ulong)_file.Length / Unit;
        var taken = new BitArray((int)units);
        taken[0] = true;
        foreach (var region in _layout.Regions)
            Take(region.Offset / Unit, region.Length / Unit);
        var perBlock = BlockSize / Unit;
        for (ulong block = 0; block <= last; block++)
        {
            if (TryFind(block, out var offset) && (offset / Unit + perBlock > units || !Take(offset / Unit, perBlock)))
                throw Damaged(_file.Path, $"block {block} at offset 0x{offset:x} is beyond the end of the file, or overlaps something else");
        }

        bool Take(ulong first, ulong count)
        {
            for (var unit = (int)first; unit < (int)(first + count); unit++)
            {
                if (taken[unit])
                    return false;
                taken[unit] = true;
            }

            return true;
        }
    }
}
