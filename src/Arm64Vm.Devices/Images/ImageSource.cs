using Arm64Vm.Devices.Images.Vhdx;
using Arm64Vm.Devices.Images.Vmdk;
using Arm64Vm.Devices.Virtio.Block;
using Microsoft.Win32.SafeHandles;

namespace Arm64Vm.Devices.Images;

/// <summary>An image of any format that can be read, to be converted.</summary>
internal sealed class ImageSource : IDisposable
{
    private readonly DiskImage? _image;
    private readonly ReadOnlyImage? _foreign;

    private ImageSource(DiskImage? image, ReadOnlyImage? foreign)
    {
        (_image, _foreign) = (image, foreign);
    }

    public IBlockBackend Disk => (IBlockBackend?)_foreign ?? _image!.Disk;

    /// <summary>What was found to be damaged since it was opened, as a sentence; null: nothing.</summary>
    public string? Damage => _foreign is not null ? _foreign.Damage : _image!.Damage;

    /// <summary>Opens and locks an image, with every file that belongs to it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="format">Null: what the file's first bytes say.</param>
    /// <exception cref="IOException">It cannot be opened, is in use, damaged, or not supported; says which.</exception>
    /// <exception cref="UnauthorizedAccessException">The user may not open it.</exception>
    public static ImageSource Open(string path, DiskFormat? format)
    {
        if (format is null)
        {
            using var file = Locked(path);
            var start = new byte[ForeignImageFormat.HeaderSize];
            file.Read(0, start);
            if (ForeignImageFormat.Recognize(start) is ForeignImageFormat.Vmdk or ForeignImageFormat.Vhdx)
                return new ImageSource(null, OpenForeign(path, Locked));
        }

        return new ImageSource(DiskImage.Open(path, readOnly: true, format), null);
    }

    /// <summary>Opens a VMDK or VHDX image.</summary>
    /// <param name="path">The file.</param>
    /// <param name="open">Opens it, and others that it names.</param>
    /// <exception cref="IOException">It cannot be opened, is damaged, or not supported; says which.</exception>
    /// <exception cref="UnauthorizedAccessException">The user may not open it.</exception>
    internal static ReadOnlyImage OpenForeign(string path, Func<string, ImageFile> open)
    {
        var file = open(path);
        try
        {
            Span<byte> start = stackalloc byte[ForeignImageFormat.HeaderSize];
            file.Read(0, start);
            return ForeignImageFormat.Recognize(start) == ForeignImageFormat.Vhdx ? new VhdxImage(file) : VmdkImage.Open(file, open);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The file belongs to this image, whatever links lie between; false for one that is not there.</summary>
    public bool Uses(string path) =>
        _image?.Uses(path) ?? (HostFileCalls.FindRealPath(path) is { } real && _foreign!.Files.Any(file => HostFileCalls.FindRealPath(file) == real));

    /// <inheritdoc/>
    public void Dispose()
    {
        _image?.Dispose();
        _foreign?.Dispose();
    }

    private static ImageFile Locked(string path)
    {
        SafeFileHandle handle = FileBlockBackend.OpenLocked(path, readOnly: true);
        try
        {
            return new ImageFile(handle, path, isReadOnly: true);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }
}
