using Microsoft.Win32.SafeHandles;

namespace Arm64Vm.Devices.Sharing;

/// <summary>What a number of the driver's (a fid) stands for.</summary>
/// <param name="file">Holds the file; owned.</param>
/// <param name="user">Whose accesses these are.</param>
internal sealed class ShareFid(SafeFileHandle file, uint user) : IDisposable
{
    /// <summary>Holds the file, and usually can do nothing else.</summary>
    public SafeFileHandle File { get; private set; } = file;

    /// <summary>The guest's user.</summary>
    public uint User => user;

    /// <summary>The file opened; null: it is not.</summary>
    public SafeFileHandle? Opened { get; private set; }

    public bool IsDirectory { get; private set; }

    /// <summary>Not the file, but an attribute of it.</summary>
    public ExtendedAttribute? Attribute { get; set; }

    /// <param name="opened">Owned from now on.</param>
    /// <param name="isDirectory">What it is.</param>
    public void Open(SafeFileHandle opened, bool isDirectory) => (Opened, IsDirectory) = (opened, isDirectory);

    /// <summary>Stands for a new file in what was its folder from now on.</summary>
    /// <param name="created">Opened; owned from now on.</param>
    public void Become(SafeFileHandle created)
    {
        File.Dispose();
        (File, Opened, IsDirectory) = (created, created, false);
    }

    public void Dispose()
    {
        Opened?.Dispose();
        File.Dispose();
    }
}

/// <summary>The value of an attribute, or the list of their names, on its way.</summary>
/// <param name="name">With a zero byte at its end; null: it is read.</param>
/// <param name="value">What is read, or room for what is written.</param>
/// <param name="flags">Of setxattr(2).</param>
internal sealed class ExtendedAttribute(byte[]? name, byte[] value, int flags)
{
    public byte[]? Name => name;

    public byte[] Value => value;

    public int Flags => flags;

    /// <summary>Bytes written so far.</summary>
    public int Written { get; set; }
}
