using Arm64Vm.Devices.Virtio.Block;

namespace Arm64Vm.Devices.Images;

/// <summary>A file in the making: it has its name only when it is whole, and until then nothing that was there under the name changes.</summary>
internal sealed class NewImageFile : IDisposable
{
    private readonly string _path;
    private readonly bool _replaces;
    private bool _isWhole;

    /// <param name="path">The name it will have.</param>
    /// <param name="replaces">A file that has the name may be replaced.</param>
    /// <exception cref="IOException">There is such a file, or no folder for it.</exception>
    public NewImageFile(string path, bool replaces)
    {
        if (Directory.Exists(path))
            throw new IOException($"'{path}' is a folder.");
        if (!replaces && File.Exists(path))
            throw new IOException($"'{path}' exists already; --force replaces it.");
        if (File.Exists(path) && (File.GetAttributes(path) & FileAttributes.Device) != 0)
            throw new IOException($"'{path}' is a device, which cannot be replaced.");
        (_path, _replaces) = (path, replaces);
        TemporaryPath = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, $".{Path.GetFileName(path)}.{Guid.NewGuid():n}.part");
        Image = new ImageFile(File.OpenHandle(TemporaryPath, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.RandomAccess), path, isReadOnly: false);
    }

    /// <summary>Where it is meanwhile.</summary>
    public string TemporaryPath { get; }

    /// <summary>The file to write to; <see cref="Release"/> closes it.</summary>
    public ImageFile Image { get; }

    /// <summary>Gives the file its name. Its contents are durable by then.</summary>
    /// <exception cref="IOException">The name was taken meanwhile, or an error of the host.</exception>
    public void Finish()
    {
        Release();
        using (var file = File.OpenHandle(TemporaryPath, FileMode.Open, FileAccess.ReadWrite))
        {
            if (!HostFileCalls.TryFlush(file))
                throw new IOException($"The host could not make '{_path}' durable.");
        }

        File.Move(TemporaryPath, _path, _replaces);
        _isWhole = true;
    }

    /// <summary>Closes the file, so that it can be opened as an image.</summary>
    public void Release() => Image.Dispose();

    /// <summary>Removes the file unless it was finished.</summary>
    public void Dispose()
    {
        Release();
        if (!_isWhole)
            File.Delete(TemporaryPath);
    }
}
