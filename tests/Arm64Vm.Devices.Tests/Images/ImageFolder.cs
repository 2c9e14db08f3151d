using Arm64Vm.Devices.Images;
using Arm64Vm.Devices.Images.Qcow2;

namespace Arm64Vm.Devices.Tests.Images;

/// <summary>A folder for a test's images: in memory where the host has such a place, as tests flush often.</summary>
internal sealed class ImageFolder : IDisposable
{
    private readonly string _path = Directory.CreateDirectory(Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"arm64vm-test-{Guid.NewGuid():n}")).FullName;

    public string this[string name] => Path.Combine(_path, name);

    public void Dispose() => Directory.Delete(_path, recursive: true);

    /// <summary>Makes an empty qcow2 image.</summary>
    public string MakeQcow2(string name, ulong size, Qcow2Options? options = null)
    {
        var path = this[name];
        using var file = new ImageFile(File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite), path, isReadOnly: false);
        Qcow2Layout.Write(file, size, options ?? new Qcow2Options());
        return path;
    }

    /// <summary>Checks an image with the product's own checker.</summary>
    public static ImageCheck Check(string path)
    {
        using var file = OpenFile(path, readOnly: true);
        return new Qcow2Checker(file, Qcow2Header.Read(file)).Run();
    }

    /// <summary>Fails unless an image is clean.</summary>
    public static void AssertClean(string path)
    {
        var check = Check(path);
        Assert.True(check.IsClean, $"{check.Errors} errors, {check.Leaks} leaks: {string.Join("; ", check.Messages.Take(5))}");
    }

    public static ImageFile OpenFile(string path, bool readOnly) =>
        new(File.OpenHandle(path, FileMode.Open, readOnly ? FileAccess.Read : FileAccess.ReadWrite), path, readOnly);
}
