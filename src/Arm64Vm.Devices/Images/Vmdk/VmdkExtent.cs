namespace Arm64Vm.Devices.Images.Vmdk;

/// <summary>A part of a disk. The parts follow each other.</summary>
internal abstract class VmdkExtent : IDisposable
{
    public const int SectorSize = 512;

    /// <summary>Bytes.</summary>
    public abstract ulong Size { get; }

    /// <summary>Bytes of the pieces in which it is allocated; 0: it is in one piece.</summary>
    public virtual ulong BlockSize => 0;

    /// <summary>Entries of its grain directory, which is kept.</summary>
    public virtual int DirectoryEntries => 0;

    /// <summary>Whether what is at an offset can be anything but zeros, and for how many bytes from there the answer is the same.</summary>
    public abstract bool HasData(ulong offset, out ulong length);

    /// <summary>Reads what is within the extent.</summary>
    public abstract void Read(ulong offset, Span<byte> destination);

    public abstract void Dispose();
}

/// <summary>Zeros.</summary>
internal sealed class ZeroExtent(ulong size) : VmdkExtent
{
    public override ulong Size => size;

    public override bool HasData(ulong offset, out ulong length)
    {
        length = size - offset;
        return false;
    }

    public override void Read(ulong offset, Span<byte> destination) => destination.Clear();

    public override void Dispose()
    {
    }
}

/// <summary>Byte for byte.</summary>
internal sealed class FlatExtent : VmdkExtent
{
    private readonly ImageFile _file;
    private readonly long _first;

    /// <param name="file">Owned from now on, if this does not throw.</param>
    /// <param name="line">What the descriptor says of it.</param>
    /// <exception cref="ImageFormatException">The file is too short.</exception>
    public FlatExtent(ImageFile file, VmdkExtentLine line)
    {
        Size = line.Sectors * SectorSize;
        if (line.FirstSector > (ulong)file.Length / SectorSize || Size > (ulong)file.Length - line.FirstSector * SectorSize)
            throw ReadOnlyImage.Damaged(file.Path, $"{file.Length} bytes, where {line.Sectors} sectors from sector {line.FirstSector} are needed");
        (_file, _first) = (file, (long)(line.FirstSector * SectorSize));
    }

    public override ulong Size { get; }

    public override bool HasData(ulong offset, out ulong length)
    {
        length = Size - offset;
        return true;
    }

    public override void Read(ulong offset, Span<byte> destination) => _file.Read(_first + (long)offset, destination);

    public override void Dispose() => _file.Dispose();
}
