using Arm64Vm.Devices.Images.Qcow2;
using Arm64Vm.Devices.Virtio.Block;

namespace Arm64Vm.Devices.Images;

/// <summary>Checks and repairs qcow2 images. A raw image has nothing that could be wrong.</summary>
internal static class ImageChecking
{
    /// <summary>Checks an image that nobody writes.</summary>
    /// <param name="path">The image.</param>
    /// <param name="progress">Gets how far it is, from 0 to 1.</param>
    /// <exception cref="ImageFormatException">It is no qcow2 image, or so damaged that there is nothing to check.</exception>
    /// <exception cref="IOException">It cannot be read, or is in use.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static ImageCheck Check(string path, Action<double>? progress = null)
    {
        using var file = new ImageFile(FileBlockBackend.OpenLocked(path, readOnly: true), path, isReadOnly: true);
        return new Qcow2Checker(file, Qcow2Header.Read(file), progress).Run();
    }

    /// <summary>Checks an image that nobody uses, and makes reference counts and copied flags right.</summary>
    /// <returns>What was found, and what is left.</returns>
    /// <exception cref="ImageFormatException">It is no qcow2 image, or so damaged that there is nothing to check.</exception>
    /// <exception cref="IOException">It cannot be written, or is in use.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static (ImageCheck Before, ImageCheck After) Repair(string path, Action<double>? progress = null)
    {
        using var file = new ImageFile(FileBlockBackend.OpenLocked(path, readOnly: false), path, isReadOnly: false);
        return Qcow2Repair.Run(file, progress);
    }
}
