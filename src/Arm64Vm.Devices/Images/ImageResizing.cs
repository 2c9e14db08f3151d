using Arm64Vm.Devices.Images.Qcow2;
using Arm64Vm.Devices.Virtio.Block;

namespace Arm64Vm.Devices.Images;

/// <summary>Makes disks larger or smaller.</summary>
internal static class ImageResizing
{
    /// <summary>Changes the size of an image's disk. What is added reads as zeros; what is taken off is lost.</summary>
    /// <param name="path">The image, which nobody uses.</param>
    /// <param name="size">Gets the size that the disk has, in bytes; returns the one it is to have.</param>
    /// <param name="mayShrink">The end of the disk may be cut off.</param>
    /// <param name="format">Null: it is recognized.</param>
    /// <exception cref="ArgumentException">It cannot have that size; says why.</exception>
    /// <exception cref="IOException">The image is in use or damaged, or an error of the host.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static void Resize(string path, Func<ulong, ulong> size, bool mayShrink, DiskFormat? format = null)
    {
        ulong old;
        ulong wanted;
        using (var image = DiskImage.Open(path, readOnly: false, format))
        {
            old = image.Disk.Size;
            wanted = size(old);
            if (wanted % 512 != 0 || wanted == 0 || wanted > long.MaxValue / 2)
                throw new ArgumentException("A disk has a multiple of 512 bytes, and at least that.");
            if (wanted < old && !mayShrink)
                throw new ArgumentException($"That would cut {old - wanted} bytes off the disk; --shrink allows it.");
            if (image.Qcow2 is { Header.SnapshotCount: > 0 })
                throw new ArgumentException($"'{path}' has snapshots, and cannot be resized with them.");
            format = image.Format;

            // A disk that grows must not show again what lies below its old end or was there before.
            if (image.Format == DiskFormat.Qcow2 && wanted < old && !image.Disk.TryWriteZeroes(wanted, old - wanted, mayUnmap: true))
                throw new IOException($"The end of '{path}' cannot be cleared.");
        }

        if (format == DiskFormat.Raw)
            ResizeRaw(path, wanted);
        else if (wanted != old)
            ResizeQcow2(path, old, wanted);
    }

    private static void ResizeRaw(string path, ulong size)
    {
        using var file = FileBlockBackend.OpenLocked(path, readOnly: false);
        if ((File.GetAttributes(path) & FileAttributes.Device) != 0)
            throw new ArgumentException($"'{path}' is a device, which has the size it has.");
        RandomAccess.SetLength(file, (long)size);
    }

    private static void ResizeQcow2(string path, ulong old, ulong size)
    {
        using (var file = new ImageFile(FileBlockBackend.OpenLocked(path, readOnly: false), path, isReadOnly: false))
            Qcow2Resize.Run(file, size);
        using var image = DiskImage.Open(path, readOnly: false, DiskFormat.Qcow2);
        var below = image.Backing?.Disk.Size ?? 0;
        if (size > old && below > old && !image.Disk.TryWriteZeroes(old, Math.Min(size, below) - old, mayUnmap: true))
            throw new IOException($"What was added to '{path}' cannot be cleared.");
    }
}
