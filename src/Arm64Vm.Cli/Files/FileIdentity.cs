using System.Globalization;
using System.Runtime.InteropServices;

namespace Arm64Vm.Cli.Files;

/// <summary>What makes two paths the same file: device and inode, whatever links lie between.</summary>
internal static partial class FileIdentity
{
    private const int WorkingDirectory = -100;
    private const uint BasicFields = 0x7FF;
    private const ushort TypeMask = 0xF000;
    private const ushort TypeBlockDevice = 0x6000;
    private const ushort TypeFolder = 0x4000;
    private const ushort TypeFile = 0x8000;

    /// <summary>Equal for two paths that are one file, or would be once it is made; null where sharing does no harm or nothing can be said: a terminal, a pipe, /dev/null, a folder that is not there.</summary>
    public static string? Find(string path)
    {
        if (TryGet(path, out var found))
        {
            return (found.Mode & TypeMask) switch
            {
                TypeFile => Name(found),
                TypeBlockDevice => string.Create(CultureInfo.InvariantCulture, $"block {found.TargetMajor}:{found.TargetMinor}"),
                _ => null,
            };
        }

        // Not there yet: it will be made in its folder, or where a link without a file points.
        try
        {
            path = new FileInfo(path).LinkTarget is null ? Path.GetFullPath(path) : File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        return Path.GetDirectoryName(path) is { } folder && TryGet(folder, out var parent) && (parent.Mode & TypeMask) == TypeFolder
            ? $"{Name(parent)}/{Path.GetFileName(path)}"
            : null;
    }

    private static bool TryGet(string path, out Status status)
    {
        status = default;
        return statx(WorkingDirectory, path, 0, BasicFields, ref status) == 0;
    }

    private static string Name(in Status file) => string.Create(CultureInfo.InvariantCulture, $"{file.DeviceMajor}:{file.DeviceMinor}/{file.Inode}");

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int directory, string path, int flags, uint mask, ref Status status);

    /// <summary>struct statx (statx(2)), the fields that are looked at.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Status
    {
        [FieldOffset(0x1C)]
        public ushort Mode;

        [FieldOffset(0x20)]
        public ulong Inode;

        /// <summary>Of the device that a device node stands for.</summary>
        [FieldOffset(0x80)]
        public uint TargetMajor;

        [FieldOffset(0x84)]
        public uint TargetMinor;

        [FieldOffset(0x88)]
        public uint DeviceMajor;

        [FieldOffset(0x8C)]
        public uint DeviceMinor;
    }
}
