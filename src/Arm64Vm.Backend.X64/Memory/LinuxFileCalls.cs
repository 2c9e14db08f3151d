using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Arm64Vm.Backend.X64.Memory;

/// <summary>Whom files belong to, and files as memory.</summary>
// SAFETY: the one buffer is a local of the size that the kernel fills; mappings are only made and removed here.
internal static unsafe partial class LinuxFileCalls
{
    private const int WorkingDirectory = -100;
    private const int EmptyPath = 0x1000;
    private const uint BasicFields = 0x7FF;
    private const int StatusBytes = 256;

    /// <summary>S_IFMT and its values for folders and plain files (inode(7)).</summary>
    public const uint TypeMask = 0xF000;
    public const uint Folder = 0x4000;
    public const uint PlainFile = 0x8000;

    /// <summary>The effective user of this process.</summary>
    public static uint User => geteuid();

    /// <summary>Owner and mode (type and permissions) of what a path leads to; false: there is none, or the host does not say.</summary>
    public static bool TryGetOwner(string path, out uint owner, out uint mode)
    {
        byte* status = stackalloc byte[StatusBytes];
        return Take(statx(WorkingDirectory, path, 0, BasicFields, status), status, out owner, out mode);
    }

    /// <summary>The same of an open file.</summary>
    public static bool TryGetOwner(SafeFileHandle file, out uint owner, out uint mode)
    {
        byte* status = stackalloc byte[StatusBytes];
        return Take(statx((int)file.DangerousGetHandle(), "", EmptyPath, BasicFields, status), status, out owner, out mode);
    }

    /// <summary>Maps the first bytes of a file for reading; null where the host refuses.</summary>
    public static byte* Map(SafeFileHandle file, long size)
    {
        nint address = LinuxMappingCalls.Mmap((nuint)size, LinuxMappingCalls.ProtRead, LinuxMappingCalls.MapPrivate, (int)file.DangerousGetHandle());
        return LinuxMappingCalls.IsError(address) ? null : (byte*)address;
    }

    // struct statx (statx(2)): stx_uid at 20, stx_mode at 28.
    private static bool Take(int result, byte* status, out uint owner, out uint mode)
    {
        owner = result == 0 ? *(uint*)(status + 20) : 0;
        mode = result == 0 ? *(ushort*)(status + 28) : 0u;
        return result == 0;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int folder, string path, int flags, uint mask, byte* status);

    [LibraryImport("libc")]
    private static partial uint geteuid();
}
