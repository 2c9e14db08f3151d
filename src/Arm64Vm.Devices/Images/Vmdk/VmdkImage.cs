using Arm64Vm.Devices.Virtio.Block;

namespace Arm64Vm.Devices.Images.Vmdk;

/// <summary>A VMDK image: one sparse file, or a descriptor with the files that it names.</summary>
internal sealed class VmdkImage : ReadOnlyImage
{
    /// <summary>Entries of the grain directories of all files together, four bytes each.</summary>
    private const int MaximumDirectoryEntries = 1 << 20;

    private readonly List<VmdkExtent> _extents = [];
    private readonly List<string> _files = [];
    private readonly List<ulong> _starts = [];
    private ulong _size;

    private VmdkImage(string layout)
    {
        Layout = layout;
    }

    public override string Format => "vmdk";

    public override string Layout { get; }

    public override ulong BlockSize => _extents.Max(extent => extent.BlockSize);

    public override IReadOnlyList<string> Files => _files;

    public override ulong Size => _size;

    /// <param name="file">The sparse file or the descriptor; owned from now on, if this does not throw.</param>
    /// <param name="open">Opens an extent.</param>
    /// <exception cref="ImageFormatException">The image is damaged or not supported; says what.</exception>
    /// <exception cref="IOException">An extent cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be.</exception>
    public static VmdkImage Open(ImageFile file, Func<string, ImageFile> open)
    {
        Span<byte> magic = stackalloc byte[4];
        file.Read(0, magic);
        return magic.SequenceEqual("KDMV"u8) ? OpenSparse(file) : OpenDescriptor(file, open);
    }

    protected override bool HasData(ulong offset, out ulong length)
    {
        var index = IndexOf(offset);
        var within = offset - _starts[index];
        var hasData = _extents[index].HasData(within, out length);

        // An extent answers for a whole grain or grain table, which may reach beyond its end; there the next one begins.
        length = Math.Min(length, _extents[index].Size - within);
        return hasData;
    }

    protected override void Read(ulong offset, Span<byte> destination)
    {
        for (var index = IndexOf(offset); destination.Length > 0; index++)
        {
            var within = offset - _starts[index];
            var part = destination[..(int)Math.Min((ulong)destination.Length, _extents[index].Size - within)];
            _extents[index].Read(within, part);
            offset += (ulong)part.Length;
            destination = destination[part.Length..];
        }
    }

    protected override void Dispose(bool disposing)
    {
        foreach (var extent in _extents)
            extent.Dispose();
    }

    private static VmdkImage OpenSparse(ImageFile file)
    {
        var header = SparseHeader.Read(file);
        // Where there is none, its length means nothing and was not checked.
        var text = header.Descriptor.First == 0 ? [0] : new byte[header.Descriptor.Sectors * VmdkExtent.SectorSize];
        if (header.Descriptor.First != 0)
            file.Read((long)header.Descriptor.First * VmdkExtent.SectorSize, text);

        // Some leave room for a descriptor in every extent.
        if (text is [0, ..])
            throw Refused(file.Path, "is an extent of a VMDK image; name the image's descriptor");
        var descriptor = VmdkDescriptor.Parse(text, file.Path);
        if (descriptor.CreateType is not ("monolithicSparse" or "streamOptimized"))
            throw Refused(file.Path, $"is a VMDK image of the type '{OneLine(descriptor.CreateType)}' in one file, which is not supported");
        var image = new VmdkImage(descriptor.CreateType);
        image.Add(new SparseExtent(file, header), file.Path);
        return image;
    }

    private static VmdkImage OpenDescriptor(ImageFile file, Func<string, ImageFile> open)
    {
        if (file.Length > VmdkDescriptor.MaximumSize)
            throw Damaged(file.Path, $"a descriptor of {file.Length} bytes");
        var text = new byte[file.Length];
        file.Read(0, text);
        var descriptor = VmdkDescriptor.Parse(text, file.Path);
        if (descriptor.CreateType is not ("twoGbMaxExtentSparse" or "twoGbMaxExtentFlat" or "monolithicFlat" or "vmfs"))
            throw Refused(file.Path, $"is a VMDK image of the type '{OneLine(descriptor.CreateType)}' in several files, which is not supported");
        if (descriptor.Extents.Count == 0)
            throw Damaged(file.Path, "its descriptor has no extents");
        var image = new VmdkImage(descriptor.CreateType);
        image._files.Add(file.Path);
        try
        {
            foreach (var line in descriptor.Extents)
            {
                var path = line.File is { } name ? PathOf(file.Path, name) : null;
                if (path is not null && line.Type == "SPARSE" && image._files.Contains(path))
                    throw Damaged(file.Path, $"the extent '{OneLine(line.File!)}' is there twice");
                if (path is not null)
                    CheckFolder(file.Path, path, line.File!);
                image.Add(OpenExtent(path, line, open), path);
                if (image._extents.Sum(extent => (long)extent.DirectoryEntries) > MaximumDirectoryEntries)
                    throw Damaged(file.Path, "a disk that is too large");
            }
        }
        catch
        {
            image.Dispose();
            throw;
        }

        file.Dispose();
        return image;
    }

    private static VmdkExtent OpenExtent(string? path, VmdkExtentLine line, Func<string, ImageFile> open)
    {
        if (path is null)
            return new ZeroExtent(line.Sectors * VmdkExtent.SectorSize);
        var file = open(path);
        try
        {
            if (line.Type != "SPARSE")
                return new FlatExtent(file, line);
            var header = SparseHeader.Read(file);
            if (header.Capacity != line.Sectors)
                throw Damaged(file.Path, $"{header.Capacity} sectors, where the descriptor says {line.Sectors}");
            return header.IsCompressed ? throw Refused(file.Path, "is a compressed extent of several, which is not supported") : new SparseExtent(file, header);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>What lies in the folder may be a link to any file of the user's, if the folder came from elsewhere too.</summary>
    private static void CheckFolder(string image, string path, string name)
    {
        // What is not there is told when it is opened.
        if (HostFileCalls.FindRealPath(path) is { } real && Path.GetDirectoryName(real) != Path.GetDirectoryName(HostFileCalls.FindRealPath(image)))
            throw Refused(image, $"has an extent '{OneLine(name)}' that is a link out of the image's own folder, and only files in that are read");
    }

    private static string PathOf(string image, string name) => Path.Combine(Path.GetDirectoryName(image) ?? "/", name);

    private void Add(VmdkExtent extent, string? file)
    {
        _extents.Add(extent);
        _starts.Add(_size);
        if (file is not null)
            _files.Add(file);
        if (extent.Size > long.MaxValue - _size)
            throw Damaged(_files[0], "a disk that is too large");
        _size += extent.Size;
    }

    private int IndexOf(ulong offset)
    {
        var index = _starts.BinarySearch(offset);
        return index >= 0 ? index : ~index - 1;
    }
}
